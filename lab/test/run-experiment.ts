import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { identify, isRunning, type ProcessId } from '../src/processes.ts'
import type { Journal } from '../src/runs/journal.ts'
import { loadSlo, type Slo } from '../src/slo.ts'
import {
  type Api,
  type LabOptions,
  lab,
  type Run,
  root,
  type Scope,
  scratchFolder,
  stackEnv,
  until,
} from './helpers.ts'
import { conclusive } from './play-on.ts'

/** The project's goals with limits that a busy machine meets too, and with a test's own changes. */
export function wideGoals(change: (slo: Slo) => void = () => {}): Slo {
  const slo = loadSlo(join(root, 'slo.json'))
  for (const goal of Object.values(slo.goals)) Object.assign(goal, { rate: 100, latency_ms: 20_000 })
  slo.outage = { refusal_p99_ms: 10_000, degraded_within_ms: 10_000, recovered_within_ms: 10_000 }
  change(slo)
  return slo
}

export type ExperimentRun = Run & {
  /** Its temporary folder, and the one in which runs are kept. */
  tmp: string
  kept: string
  /** The process of its API. */
  api: () => ProcessId
  journals: () => Journal[]
}

/** A command of the lab with folders of its own, so that a test sees what it leaves. */
export function experiment(
  t: Scope,
  args: string[],
  change?: (slo: Slo) => void,
  options: LabOptions = {},
): ExperimentRun {
  const folder = scratchFolder(t)
  const [tmp, kept, slo] = [join(folder, 'tmp'), join(folder, 'runs'), join(folder, 'slo.json')]
  mkdirSync(tmp)
  writeFileSync(slo, JSON.stringify(wideGoals(change)))
  // When an option is given twice the last one counts: a test may name other folders.
  const words = args[0] === 'experiment' ? 2 : 1
  const run = lab(t, [...args.slice(0, words), '--slo', slo, '--folder', kept, ...args.slice(words)], {
    ...options,
    env: { ...process.env, ...options.env, TMPDIR: tmp },
  })
  const api = () => {
    const { stdout } = spawnSync('pgrep', ['-P', String(run.child.pid), '-f', 'api/src/main.ts'], { encoding: 'utf8' })
    return identify(Number(stdout)) ?? assert.fail(`no API runs: ${run.out()}`)
  }
  return { ...run, tmp, kept, api, journals: () => journalsIn(kept) }
}

/** An experiment on an API that runs already. */
export function onService(t: Scope, service: Api, name: string, args: string[] = []): ExperimentRun {
  const env = stackEnv(service, '/none/lab.sock')
  return experiment(t, ['experiment', name, '--seconds', '14', ...args], undefined, { env })
}

function journalsIn(folder: string): Journal[] {
  const runs = readdirSync(folder, { withFileTypes: true }).filter(
    (one) => one.isDirectory() && !one.name.startsWith('.'),
  )
  return runs.map(({ name }) => JSON.parse(readFileSync(join(folder, name, 'journal.json'), 'utf8')))
}

/** Exit codes of a run that was judged. */
const exitCodes = { PASS: 0, FAIL: 1, INVALID: 2 }

/** Plays an experiment and returns its journal; undefined when this machine was too busy twice: then the test is skipped. */
export function judged(
  t: TestContext,
  verdict: 'PASS' | 'FAIL',
  start: () => ExperimentRun,
): Promise<Journal | undefined> {
  return conclusive(t, async () => {
    const run = start()
    const code = await run.ended
    const [journal] = existsSync(run.kept) ? run.journals() : []
    const found = journal?.verdict
    if (journal === undefined || !found || code !== exitCodes[found] || ![verdict, 'INVALID'].includes(found))
      throw new Error(`it should be ${verdict}, but it ended with ${code}:\n${run.out()}`)
    return journal
  })
}

/** A short demo. */
export function demo(t: Scope, change?: (slo: Slo) => void): ExperimentRun {
  return experiment(t, ['experiment', 'demo', '--seconds', '10'], change)
}

export async function nothingLeft({ tmp }: ExperimentRun, api: ProcessId) {
  await until('the API is gone', () => !isRunning(api))
  await until('the temporary folder is empty', () => readdirSync(tmp).length === 0)
}
