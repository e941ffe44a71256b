import { tally } from '../attacks/attack.ts'
import { countEach, roundAll } from '../load/figures.ts'
import type { HappenedFault, Journal } from '../runs/journal.ts'
import type { Slo } from '../slo.ts'
import type { Target } from '../targets/target.ts'
import { type Experiment, faultsOf, plannedPhases } from './experiment.ts'
import { judge } from './judge.ts'
import { thisMachine } from './machine.ts'
import { degradedAfter, measure, measures, recoveredAfter } from './measures.ts'
import { waitsIn } from './model-measures.ts'
import { besideMeasured } from './predict.ts'
import type { PlayedAttack, PlayedFault, Run } from './run.ts'
import { secondsOf } from './seconds.ts'
import { figuresOf, inNoPhase, isWithin, judgedPhases, reached } from './selection.ts'

type About = {
  name: string
  experiment: Experiment
  slo: Slo
  target: Pick<Target, 'mode' | 'journalMode' | 'server'>
  run?: Journal['run']
  guesses?: string[]
  again: string
}

/** Judges a run and collects everything of it that is worth keeping, and no secret. */
export function journalOf(run: Run, about: About) {
  const { name, experiment, slo, target, run: number = { number: 1, of: 1 }, guesses, again } = about
  const at = (moment: number) => moment - run.startedAt
  return {
    schema: 2 as const,
    experiment: name,
    question: experiment.question,
    hypothesis: experiment.hypothesis,
    mode: target.mode,
    started: new Date(run.startedAt + run.wallOffset).toISOString(),
    run: number,
    environment: {
      ...thisMachine(),
      journal_mode: target.server ? undefined : target.journalMode,
      settings: publicSettings(experiment),
      load_generator: run.generator,
      seed: experiment.phases.some(({ arrivals }) => arrivals === 'poisson') ? run.seed : undefined,
    },
    slo,
    planned: {
      phases: plannedPhases(experiment).map(({ plan: { name, rate, logins, arrivals, clients }, from_s, to_s }) => {
        return { name, rate, from_s, to_s, logins, arrivals, clients }
      }),
      faults: faultsOf(experiment).map((fault) => ({ kind: fault.kind, at_s: fault.at, for_s: fault.for })),
    },
    happened: {
      phases: reached(run, slo).map(({ phase: { plan, start, end }, selection }) => {
        // Of thousands of requests one failed one must not be rounded away.
        const { error_ratio, ...rest } = figuresOf(selection)
        const moments = { rate: plan.rate, start_ms: at(start), end_ms: at(end) }
        const figures = { ...roundAll(rest), error_ratio }
        return { name: plan.name, warm_up: plan.warmUp, ...roundAll(moments), figures }
      }),
      faults: run.faults.map((fault) => happened(fault, run, at)),
      in_no_phase: inNoPhase(run, slo),
    },
    capacity: run.capacity && capacityOf(run.capacity),
    attacks: run.attacks.length > 0 ? run.attacks.map(attackOf) : undefined,
    waits: waitsOf(run, slo),
    seconds: secondsOf(run),
    ...judge(run, experiment, slo),
    measured: measuredIn(run, experiment, slo),
    predictions: guesses ? besideMeasured(experiment, guesses, run, slo) : [],
    learned: experiment.learned,
    next: experiment.next,
    notes: { acknowledged: run.acknowledged, lost: run.lost ?? null },
    again,
  }
}

function capacityOf({ of, perSecond, after }: NonNullable<Run['capacity']>) {
  return { of, ...roundAll<{ before: number; after: number | null }>({ before: perSecond, after: after ?? null }) }
}

/** Each measure that the experiment judges or asks about, once for each phase. */
function measuredIn(run: Run, { expectations, predictions }: Experiment, slo: Slo): Journal['measured'] {
  const asked = new Map([...expectations, ...predictions].map((one) => [`${one.measure}@${one.phase}`, one]))
  return [...asked.values()].map(({ measure: name, phase }) => {
    const { value = null } = measure(name, phase, run, slo)
    return { measure: name, phase, value, unit: measures[name].unit }
  })
}

/** Of a run whose clients wait for their turn; others leave the queue. */
function waitsOf(run: Run, slo: Slo): Journal['waits'] {
  const waits = judgedPhases(run, slo).flatMap(({ phase: { plan }, selection }) => {
    const found = plan.clients ? undefined : waitsIn(selection)
    return found === undefined ? [] : [{ phase: plan.name, ...roundAll(found) }]
  })
  return waits.length > 0 ? waits : undefined
}

/** A secret stays out of the journal, even one that is meant to be guessed. */
function publicSettings({ settings = {} }: Experiment): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => name !== 'JWT_SECRET'))
}

function attackOf({ phase, name, attempts: all }: PlayedAttack): NonNullable<Journal['attacks']>[number] {
  const attempts = all.filter(({ byOwner }) => !byOwner)
  const statuses = countEach(attempts.map(({ status }) => status))
  return { phase, name, attempts: attempts.length, statuses, guesses: tally(attempts).guesses || undefined }
}

function happened(fault: PlayedFault, run: Run, at: (moment: number) => number): HappenedFault {
  const { plan, did, injectedAt, landedAt, undone } = fault
  return {
    kind: plan.kind,
    phase: run.phases.find(({ from_s, to_s }) => isWithin(plan.at, from_s, to_s))?.plan.name,
    ...roundAll({
      injected_ms: at(injectedAt),
      landed_ms: landedAt === undefined ? null : at(landedAt),
      undone_ms: at(undone.at),
      detected_after_ms: degradedAfter(fault, run) ?? null,
      recovered_after_ms: recoveredAfter(fault, run) ?? null,
    }),
    intact: undone.intact,
    did,
    undone: undone.did,
  }
}
