import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { isRunning, type ProcessId } from '../src/processes.ts'
import type { Slo } from '../src/slo.ts'
import { lab, type Run, root, scratchFolder, until } from './helpers.ts'

/** The project's goals with limits that no stopwatch of a busy machine can miss, and what a test changes on them. */
function goals(folder: string, change: (slo: Slo) => void = () => {}): string {
  const slo = JSON.parse(readFileSync(join(root, 'slo.json'), 'utf8')) as Slo
  for (const goal of Object.values(slo.goals)) Object.assign(goal, { rate: 100, latency_ms: 20_000 })
  slo.outage = { refusal_p99_ms: 10_000, degraded_within_ms: 10_000, recovered_within_ms: 10_000 }
  change(slo)
  const file = join(folder, 'slo.json')
  writeFileSync(file, JSON.stringify(slo))
  return file
}

export type Demo = Run & { tmp: string; owner: () => { demo: ProcessId; api: ProcessId } }

/** A short demo with a temporary folder of its own, so that what it leaves can be seen. */
export function demo(t: TestContext, change?: (slo: Slo) => void): Demo {
  const folder = scratchFolder(t)
  const tmp = join(folder, 'tmp')
  mkdirSync(tmp)
  const run = lab(t, ['demo', '--seconds', '1.5', '--slo', goals(folder, change)], {
    env: { ...process.env, TMPDIR: tmp },
  })
  t.after(() => {
    const journal = journalOf(run)
    if (journal) rmSync(dirname(journal), { recursive: true })
  })
  const owner = () => JSON.parse(readFileSync(join(tmp, readdirSync(tmp)[0] ?? '', 'owner.json'), 'utf8'))
  return { ...run, tmp, owner }
}

export function journalOf(run: Run): string | undefined {
  const path = /Journal: (\S+)/.exec(run.out())?.[1]
  return path && join(process.cwd(), path)
}

export async function nothingLeft({ tmp }: Demo, api: ProcessId) {
  await until('the API is gone', () => !isRunning(api))
  await until('the temporary folder is empty', () => readdirSync(tmp).length === 0)
}
