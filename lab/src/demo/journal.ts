import { accessSync, constants, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { join, relative } from 'node:path'
import { figures, perSecond } from '../load/figures.ts'
import { reasonOf, Sentence } from '../sentence.ts'
import type { Slo } from '../slo.ts'
import type { Sight } from '../watch/probe.ts'
import type { ApiLog } from './api-log.ts'
import type { Judgement } from './judge.ts'
import { dueIn } from './judge-load.ts'
import type { Phase } from './plan.ts'
import type { Run } from './run.ts'

/** Says before anything is measured whether the result could be kept. */
export function checkRunsFolder(root: string): void {
  const runs = join(root, 'runs')
  try {
    mkdirSync(runs, { recursive: true })
    accessSync(runs, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new Sentence(`The folder ${runs} cannot be written (${reasonOf(error)}): the journal of the run goes there.`)
  }
}

/** Everything of a run that is worth keeping; moments in milliseconds since its start. Holds no secret. */
export function journalOf(
  run: Run,
  phases: Phase[],
  slo: Slo,
  log: ApiLog,
  { verdict, reasons, expectations }: Judgement,
) {
  const ms = (moment: number) => Math.round((moment - run.zero) * 100) / 100
  const sight = ({ at, done, ...rest }: Sight) => ({ at_ms: ms(at), done_ms: ms(done), ...rest })
  return {
    schema: 1,
    kind: 'demo',
    started: new Date(run.zero + run.wallZero).toISOString(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpus: { count: availableParallelism(), model: cpus()[0]?.model },
    memory_bytes: totalmem(),
    slo,
    verdict,
    reasons,
    expectations,
    planned: phases.map(({ name, kind, rate, seconds, fault }) => ({ name, kind, rate, seconds, fault })),
    timeline: run.played.map(({ phase, start, end, fault, notLanded }) => ({
      name: phase.name,
      start_ms: ms(start),
      end_ms: ms(end),
      fault: fault && {
        kind: phase.fault,
        injected_ms: ms(fault.injectedAt),
        landed_ms: ms(fault.landedAt),
        undone_ms: ms(fault.undone.at),
        undone: fault.undone.did,
      },
      not_landed: notLanded,
      load: figures(dueIn(run, start, end), run.dropped.filter((due) => due >= start && due < end).length),
    })),
    load: perSecond(run.results, run.dropped, run.zero),
    probe: { health: run.health.map(sight), data: run.data.map(sight) },
    metrics: run.metrics.map(({ at, ...rest }) => ({ at_ms: ms(at), ...rest })),
    log: {
      refusals: log.refusals.length,
      changes: log.changes.map(({ time, ...rest }) => ({ at_ms: ms(time - run.wallZero), ...rest })),
    },
    notes: { acknowledged: run.acknowledged, lost: run.lost },
    api_ended_by_itself: run.died,
  }
}

/** Writes runs/<UTC time>-demo/journal.json; gives its path from here. A Sentence when it cannot be kept. */
export function writeJournal(root: string, started: Date, journal: object): string {
  // Colons are not allowed in file names everywhere.
  const name = `${started.toISOString().replaceAll(':', '-')}-demo`
  const folder = join(root, 'runs', name)
  try {
    mkdirSync(folder, { recursive: true })
    const draft = join(folder, 'journal.json.tmp')
    writeFileSync(draft, `${JSON.stringify(journal, null, 1)}\n`)
    renameSync(draft, join(folder, 'journal.json'))
  } catch (error) {
    throw new Sentence(`The journal could not be written to ${folder} (${reasonOf(error)}).`)
  }
  return relative(process.cwd(), join(folder, 'journal.json'))
}
