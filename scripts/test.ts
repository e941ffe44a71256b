// Everything that can be checked on this machine: format and lint, shell scripts, types, then every test file.
// `scripts/test.ts api` runs the test files whose path contains "api". Exit code 1 when anything failed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

const root = dirname(import.meta.dirname)
const require = createRequire(join(root, 'package.json'))
const wanted = process.argv[2] ?? ''
const failures: string[] = []
const skipped = new Set<string>()
const results = new Map<string, { passed: number; failed: number; seconds: number }>()

async function check(what: string, command: string, args: string[]) {
  console.log(`${what} ...`)
  const ended = once(spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }), 'exit')
  const [status] = await ended.catch(({ code }) => [code])
  if (status === 'ENOENT') skipped.add(`${what}: ${command} is not installed`)
  else if (status !== 0) failures.push(what)
}

async function checkAll() {
  // Their scripts in node_modules/.bin would run on the Node of the machine, which may be older.
  const biome = require.resolve('@biomejs/biome/bin/biome')
  await check('format and lint', process.execPath, [biome, 'ci', '--error-on-warnings'])
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc')
  await check('types', process.execPath, [tsc])
  await check('types of k6', process.execPath, [tsc, '-p', 'k6'])
  const scripts = globSync('scripts/{stack/*,load_test,anomaly_zscore}', { cwd: root })
  const options = ['--external-sources', '--source-path=SCRIPTDIR', '--severity=warning']
  await check('shell scripts', 'shellcheck', [...options, ...scripts, '.ci/run'])
}

const files = globSync('{api,lab,k6,grafana,prometheus,scripts}/test/**/*.test.ts', { cwd: root })
  .filter((file) => file.includes(wanted))
  .sort()
if (files.length === 0) {
  console.error(`No test file has "${wanted}" in its path; try: make test ONLY=api`)
  process.exit(1)
}

// For the programs that a test starts. One that is limited and killed would leave half a file of coverage, and then Node reports
// none at all. With their compiled modules kept they start in half the time.
const forPrograms = encodeURIComponent(
  `delete process.env.NODE_V8_COVERAGE
  process.env.NODE_COMPILE_CACHE = ${JSON.stringify(join(root, 'node_modules/.compiled'))}`,
)

type Options = { concurrency: number; coverage?: boolean; env?: NodeJS.ProcessEnv }

/** Runs test files and writes what they report. `timeout` is the last resort of a file that hangs: waiting loops have their own. */
async function runTests(files: string[], options: Options, write: (text: string) => unknown): Promise<void> {
  if (files.length === 0) return
  const coverageIncludeGlobs = ['api/src/**', 'lab/src/**', 'grafana/src/**', 'k6/**']
  const paths = files.map((file) => join(root, file))
  const execArgv = ['--import', `data:text/javascript,${forPrograms}`]
  const events = run({ files: paths, cwd: root, timeout: 900_000, execArgv, coverageIncludeGlobs, ...options })
  events.on('test:pass', ({ name, skip, details }) => {
    if (details.type === 'suite' || skip === undefined) return
    skipped.add(`${name}: ${skip === true ? 'no reason given' : skip}`)
  })
  events.on('test:summary', ({ file, success, counts, duration_ms }) => {
    if (file === undefined) return
    const failed = Math.max(counts.tests - counts.passed - counts.skipped - counts.todo, success ? 0 : 1)
    results.set(file.slice(root.length + 1), { passed: counts.passed, failed, seconds: duration_ms / 1000 })
  })
  events.on('test:coverage', ({ summary }) => printCoverage(summary.files))
  const printed = events.filter(({ type }) => type !== 'test:coverage')
  for await (const text of printed.compose(spec)) write(text)
}

/** Lines that ran, by folder; the programs that tests start are not counted. Printed, not enforced. */
function printCoverage(files: { path: string; totalLineCount: number; coveredLineCount: number }[]) {
  const folders = Map.groupBy(files, ({ path }) =>
    path
      .slice(root.length + 1)
      .split('/')
      .slice(0, 2)
      .join('/'),
  )
  for (const [folder, those] of folders) {
    const sum = (count: 'totalLineCount' | 'coveredLineCount') => those.reduce((all, file) => all + file[count], 0)
    console.log(`coverage of ${folder}: ${((100 * sum('coveredLineCount')) / sum('totalLineCount')).toFixed(0)} %`)
  }
}

const [stack, live] = [(file: string) => file.includes('/stack/'), (file: string) => file.endsWith('.live.test.ts')]
const print = (text: string) => process.stdout.write(text)
// The stack's tests wait for containers most of their time, so they run beside the others; their report comes after it.
// Their environment is a copy, because the run of the others sets a variable that makes programs leave coverage.
const ofStack: string[] = []
const inStack = runTests(files.filter(stack), { concurrency: 1, env: { ...process.env } }, (text) => ofStack.push(text))
if (wanted === '') await checkAll()
// Most of the others wait for programs that they start: three at a time keep two cores busy.
const others = files.filter((file) => !stack(file) && !live(file))
await runTests(others, { concurrency: 3, coverage: wanted === '' }, print)
await inStack
for (const text of ofStack) print(text)
// Experiments measure, so each runs alone.
await runTests(files.filter(live), { concurrency: 1 }, print)

// Beside others a file can be late because the machine is busy: what failed counts when it fails alone too. One that
// broke off has no result.
const hasFailed = (file: string) => results.get(file)?.failed !== 0
const again = files.length > 1 ? files.filter(hasFailed) : []
if (again.length > 0) console.log(`\nPlayed again, alone: ${again.join(', ')}`)
for (const file of again) results.delete(file)
await runTests(again, { concurrency: 1 }, print)

if (results.size > 1) {
  console.log('\nSlowest files, in seconds:')
  const slowest = [...results].sort(([, a], [, b]) => b.seconds - a.seconds).slice(0, 10)
  for (const [file, { seconds }] of slowest) console.log(`${seconds.toFixed(1).padStart(7)}  ${file}`)
}
console.log(
  skipped.size === 0 ? '\nNothing was skipped.' : `\nSkipped:\n${[...skipped].map((line) => `  ${line}`).join('\n')}`,
)
for (const file of again)
  console.log(`Failed beside others${hasFailed(file) ? ' and alone' : ', passed alone'}: ${file}`)
for (const failure of failures) console.log(`Failed: ${failure}`)
const sum = (what: 'passed' | 'failed') => files.reduce((all, file) => all + (results.get(file)?.[what] ?? 0), 0)
const failed = sum('failed') + files.filter((file) => !results.has(file)).length + failures.length
console.log(`${sum('passed')} passed, ${failed} failed, ${skipped.size} skipped`)
process.exitCode = failed > 0 ? 1 : 0
