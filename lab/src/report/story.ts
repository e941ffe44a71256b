import { type Outcome, outcomeOf } from '../attacks/attack.ts'
import { killing } from '../faults/all.ts'
import { count } from '../load/figures.ts'
import type { HappenedFault as Fault, Journal } from '../runs/journal.ts'
import { milliseconds, number } from './html.ts'

// A run in sentences, the same in the terminal and in the report.

/** What the verdict means. It judges the prediction, not the service. */
export function verdictWords({
  verdict,
  busy,
  expectations,
}: Pick<Journal, 'verdict' | 'busy' | 'expectations'>): string {
  const met = expectations.filter((one) => one.met).length
  const share = `${met} of ${expectations.length} expectations were met`
  if (!verdict) return 'of free play: nothing was predicted, so nothing is judged but the goals of a k6 load.'
  if (verdict === 'PASS') return `the prediction held: ${share}.`
  if (verdict === 'FAIL') return `the prediction did not hold: ${share}.`
  if (busy)
    return 'this computer was busy, so no time proves anything. What is expected of 503s, /health and notes does not depend on speed: it holds where it was met. Close other programs and run it again.'
  return 'the experiment itself went wrong, so it proves nothing either way. Run it again.'
}

/** How the service did, whatever was predicted: one sentence for each phase in which requests failed. */
export function serviceStory(journal: Journal): string[] {
  const { happened, attacks = [], seconds } = journal
  const phases = happened.phases.filter(({ warm_up }) => !warm_up)
  const stories = phases.flatMap((phase) => {
    const { due, sent, failed, p95_ms } = phase.figures
    const faults = faultsIn(journal, phase)
    if (failed === 0 && faults.length === 0) return []
    const statuses = mostFrequent(seconds.filter((one) => one.phase === phase.name).map((one) => one.statuses ?? {}))
    const unsent = due - sent
    const failures = failed > unsent ? statuses.filter((status) => !/^2\d\d$/.test(status)).slice(0, 3) : []
    if (unsent > 0) failures.push(`${count(unsent)} never sent`)
    const how = failures.length > 0 ? ` (${failures.join(', ')})` : ''
    const requests = `${phase.name}: ${count(failed)} of ${count(due)} requests failed${how}`
    // During an outage only the requests due while it was felt are judged, and are in the figures.
    const isOutage = journal.verdict && faults.some(({ kind, landed_ms }) => !killing.has(kind) && landed_ms !== null)
    const within = isOutage
      ? ' while the fault was felt'
      : ` within ${number((phase.end_ms - phase.start_ms) / 1000)} s`
    return [requests + within, `p95 ${milliseconds(p95_ms)}`, ...faultsStory(faults)].join('; ')
  })
  return [
    ...stories,
    ...wholeRun(phases, phases.length < happened.phases.length),
    ...elsewhere(happened),
    ...attacks.map(attackStory),
  ].map((one) => `${one}.`)
}

/** The faults that were injected in a phase. */
export function faultsIn({ happened }: Journal, { name, start_ms, end_ms }: Phase): Fault[] {
  return happened.faults.filter(({ phase, injected_ms }) =>
    phase === undefined ? injected_ms >= start_ms && injected_ms < end_ms : phase === name,
  )
}

/** The requests of all phases together. */
export function sumIn(phases: Phase[], figure: 'due' | 'failed'): number {
  return phases.reduce((total, { figures }) => total + figures[figure], 0)
}

/** Nothing where the run ended before any phase that counts. */
function wholeRun(phases: Phase[], isPart: boolean): string[] {
  const [slowest] = phases.toSorted((a, b) => (b.figures.p95_ms ?? 0) - (a.figures.p95_ms ?? 0))
  if (slowest === undefined) return []
  const [due, failed] = [count(sumIn(phases, 'due')), count(sumIn(phases, 'failed'))]
  const which = isPart ? 'judged phases' : 'phases'
  const all = failed === '0' ? `All ${due} requests were served` : `In all ${which} ${failed} of ${due} requests failed`
  return [`${all}; the slowest phase was ${slowest.name}, with a p95 of ${milliseconds(slowest.figures.p95_ms)}`]
}

/** What no phase counts, so that the sums can be compared with those of others. */
function elsewhere({ faults, in_no_phase }: Journal['happened']): string[] {
  if (!in_no_phase?.due || faults.length === 0) return []
  const { due, failed } = in_no_phase
  return [`${count(due)} more, ${count(failed)} failed, met the beginning or the end of a fault, and count in no phase`]
}

type Phase = Journal['happened']['phases'][number]

/** Adds up counts and returns their names, the most frequent first. */
export function mostFrequent(counts: Record<string, number>[]): string[] {
  const totals = new Map<string, number>()
  for (const [name, n] of counts.flatMap((one) => Object.entries(one))) totals.set(name, (totals.get(name) ?? 0) + n)
  return [...totals].sort(([, a], [, b]) => b - a).map(([name]) => name)
}

type Attack = NonNullable<Journal['attacks']>[number]

/** What came of an attack. */
function attackStory({ phase, attempts, statuses, guesses }: Attack): string {
  const accepted = sumOf(statuses, 'accepted')
  if (guesses !== undefined)
    return `${phase}: ${count(guesses)} guesses without a request, the secret was ${accepted > 0 ? 'found' : 'not found'}`
  const others = Object.entries(statuses).filter(([status]) => outcomeOf(Number(status)) !== 'accepted')
  const words = others.map(
    ([status, n]) => `${count(n)} ${status === '0' ? 'without an answer' : `answered ${status}`}`,
  )
  return `${phase}: ${count(attempts)} attempts of the attacker, ${[`${count(accepted)} accepted`, ...words].join(', ')}`
}

/** The number of attempts that ended so. */
export function sumOf(statuses: Record<string, number>, outcome: Outcome): number {
  return Object.entries(statuses).reduce((sum, [status, n]) => sum + (outcomeOf(Number(status)) === outcome ? n : 0), 0)
}

/** The largest; null when nothing was measured. */
export function worst(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length > 0 ? Math.max(...known) : null
}

/** Milliseconds from the injection until a client felt it. */
export function landing({ landed_ms, injected_ms }: Fault): number | null {
  return landed_ms === null ? null : landed_ms - injected_ms
}

/** What became of the faults of a phase; of several the worst of each figure. */
function faultsStory(faults: Fault[]): string[] {
  if (faults.length === 0) return []
  const kinds = [...new Set(faults.map(({ kind }) => kind))].join(', ')
  const seconds = faults.reduce((sum, { injected_ms, undone_ms }) => sum + (undone_ms - injected_ms) / 1000, 0)
  const told = (words: string, figure: (fault: Fault) => number | null) => {
    const times = faults.map(figure)
    const missing = times.filter((time) => time === null).length
    return words.replace('TIME', milliseconds(worst(times)) + (missing > 0 ? ` (never in ${missing})` : ''))
  }
  const what = `${faults.length > 1 ? `${faults.length} faults, ` : ''}${kinds} for ${number(seconds)} s`
  // Faults that a session has only in its rows.
  if (faults.every(({ did }) => did === '')) return [what]
  const isCrash = faults.every(({ kind }) => killing.has(kind))
  const parts = [
    what,
    told(isCrash ? 'no answer after TIME' : 'felt after TIME', landing),
    // A process that was killed says nothing.
    ...(isCrash ? [] : [told('/health degraded after TIME', (one) => one.detected_after_ms)]),
    told(`first success TIME after the ${isCrash ? 'kill' : 'end'}`, (one) => one.recovered_after_ms),
    ...(faults.every(({ intact }) => intact) ? [] : ['ended from outside, before its time']),
  ]
  return [parts.join(', ')]
}

/** The command to try next: another experiment, or this one again where it proved nothing. */
export function nextCommand({ verdict, next, mode, again }: Journal): string | undefined {
  if (verdict === 'INVALID') return again
  return next && `make experiment NAME=${next}${mode === 'embedded' ? ' EMBEDDED=1' : ''}`
}

/** Why it came out so; where it did not, what usually happens; nothing where the run proves nothing. */
export function lesson({ verdict, learned }: Journal): { title: string; text: string } | undefined {
  if (verdict === 'INVALID' || !learned) return undefined
  return { title: verdict === 'PASS' ? 'Why' : 'What usually happens, and why', text: learned }
}

type Prediction = Pick<Journal['predictions'][number], 'guess' | 'unit' | 'value'>

/** How far off a guess was. */
export function offBy({ guess, unit, value }: Prediction): string {
  const guessed = Number(guess)
  if (guess === '?') return 'no guess'
  if (typeof value !== 'number') return 'there was nothing to measure'
  if (guessed === value) return 'exactly right'
  // A status has no unit: it is right or wrong.
  if (unit === '') return 'wrong'
  const direction = guessed > value ? 'too high' : 'too low'
  const ratio = Math.max(guessed, value) / Math.min(guessed, value)
  // Of a share or of values around 0 the difference says more than a multiple.
  if (unit === '%' || !(Math.min(guessed, value) > 0))
    return `${number(Math.abs(guessed - value))} ${unit === '%' ? 'percentage points ' : ''}${direction}`
  return ratio < 1.2 ? 'close' : `${number(ratio)} times ${direction}`
}
