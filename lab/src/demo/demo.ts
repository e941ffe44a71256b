import { join } from 'node:path'
import { now } from '../clock.ts'
import { self } from '../processes.ts'
import { loadSlo } from '../slo.ts'
import { startApi } from './api-child.ts'
import { callJanitor } from './call-janitor.ts'
import { checkRunsFolder, journalOf, writeJournal } from './journal.ts'
import { judge } from './judge.ts'
import { plan } from './plan.ts'
import { play } from './run.ts'
import { say, table, verdictLines, wrap } from './screen.ts'
import { clearFolder, makeFolder, sweepFolders, writeOwner } from './temp-folder.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const exitCodes = { PASS: 0, FAIL: 1, INVALID: 2 }

export type DemoOptions = { seconds: number; slo: string; stop: AbortSignal }

/** The whole story in one terminal: load, outage, recovery, verdict. Gives the exit code. Leaves nothing behind. */
export async function demo({ seconds, slo: file, stop }: DemoOptions): Promise<number> {
  const slo = loadSlo(file)
  checkRunsFolder(root)
  const swept = await sweepFolders()
  if (swept > 0) say(`Cleared away what ${swept} killed ${swept === 1 ? 'demo' : 'demos'} had left.`)
  const owner = { demo: self() }
  const folder = makeFolder(owner)
  const dismissJanitor = callJanitor(folder)
  try {
    const phases = plan(slo, seconds)
    const length = phases.reduce((sum, phase) => sum + phase.seconds, 0)
    say(
      wrap(
        `A small API starts on a database of its own, is loaded, loses its database twice and recovers. This takes ${Math.round(length)} s; Ctrl-C ends it at any time.`,
      ),
    )
    const api = await startApi(folder, root, (id) => writeOwner(folder, { ...owner, api: id }))
    const started = new Date()
    const run = await play(phases, api, now(), stop).finally(api.stop)
    // Only now the last lines of its log have been read.
    await api.ended
    const judgement = judge(run, slo, api.log)
    say()
    say(table(judgement.expectations))
    say()
    say(verdictLines(judgement))
    say(`Journal: ${writeJournal(root, started, journalOf(run, phases, slo, api.log, judgement))}`)
    return exitCodes[judgement.verdict]
  } finally {
    await clearFolder(folder)
    dismissJanitor()
  }
}
