// Everything that can be checked on this machine: format and lint, types, then every test file. `scripts/test.ts api`
// runs the test files whose path contains "api". Exit code 1 when anything failed.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

const root = dirname(import.meta.dirname)
const require = createRequire(join(root, 'package.json'))
const wanted = process.argv[2] ?? ''

function check(what: string, command: string, args: string[]) {
  console.log(`${what} ...`)
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) failures.push(what)
}

const failures: string[] = []
if (wanted === '') {
  // Both packages start by a script with an old Node in mind, so they are run by name on this one.
  check('format and lint', process.execPath, [require.resolve('@biomejs/biome/bin/biome'), 'ci', '--error-on-warnings'])
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc')
  check('types', process.execPath, [tsc])
  check('types of k6', process.execPath, [tsc, '-p', 'k6'])
}

const files = globSync('{api,lab,k6,grafana,prometheus,scripts}/test/**/*.test.ts', { cwd: root })
  .filter((file) => file.includes(wanted))
  .sort()
if (files.length === 0) {
  console.error(`No test file has "${wanted}" in its path; try: make test ONLY=api`)
  process.exit(1)
}
const counts = { passed: 0, failed: 0, skipped: 0 }
const skipped: string[] = []

async function runTests(files: string[], concurrency: number, timeout: number): Promise<void> {
  if (files.length === 0) return
  const events = run({ files: files.map((file) => join(root, file)), cwd: root, concurrency, timeout })
  events.on('test:pass', ({ name, skip, details }) => {
    if (details.type === 'suite') return
    if (skip === undefined) counts.passed++
    else {
      counts.skipped++
      skipped.push(`${name}: ${skip === true ? 'no reason given' : skip}`)
    }
  })
  events.on('test:fail', ({ details }) => {
    // A suite by itself fails when what should end it did.
    const { failureType } = details.error as { failureType?: string }
    if (details.type !== 'suite' || failureType === 'hookFailed') counts.failed++
  })
  for await (const text of events.compose(spec)) process.stdout.write(text)
}

// The stack has the machine for itself: it is loaded and judged.
const ofStack = (file: string) => file.includes('/stack/')
await runTests(
  files.filter((file) => !ofStack(file)),
  2,
  180_000,
)
await runTests(files.filter(ofStack), 1, 900_000)

console.log(
  skipped.length === 0 ? '\nNothing was skipped.' : `\nSkipped:\n${skipped.map((line) => `  ${line}`).join('\n')}`,
)
for (const failure of failures) console.log(`Failed: ${failure}`)
console.log(`${counts.passed} passed, ${counts.failed + failures.length} failed, ${counts.skipped} skipped`)
process.exitCode = counts.failed + failures.length > 0 ? 1 : 0
