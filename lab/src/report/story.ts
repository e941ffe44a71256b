import { outcomeOf } from '../attacks/attack.ts'
import type { Journal, MetricsEvent } from '../runs/journal.ts'
import { count, milliseconds, number } from './html.ts'

// A run in sentences, the same in the terminal and in the report.

/** What the verdict means. It judges the prediction, not the service. */
export function verdictWords({ verdict, expectations }: Pick<Journal, 'verdict' | 'expectations'>): string {
  const met = expectations.filter((one) => one.met).length
  const share = `${met} of ${expectations.length} expectations were met`
  if (verdict === 'PASS') return `the prediction held: ${share}.`
  if (verdict === 'FAIL') return `the prediction did not hold: ${share}.`
  return 'the experiment itself went wrong, so it proves nothing either way. Run it again.'
}

/** The phase whose figures mean nothing: a process that has just started is slow. */
export const unjudged = 'warm-up'

/** How the service did, whatever was predicted: one sentence for each phase in which requests failed. */
export function serviceStory(journal: Journal): string[] {
  const { happened, attacks = [], seconds } = journal
  const judged = happened.phases.filter(({ name }) => name !== unjudged)
  const phases = judged.map((phase) => ({ ...phase, ...requestsIn(phase, seconds) }))
  const stories = phases.flatMap((phase) => {
    const faults = happened.faults.filter((one) => one.injected_ms >= phase.start_ms && one.injected_ms < phase.end_ms)
    if (phase.failed === 0 && faults.length === 0) return []
    const how = phase.failures.length > 0 ? ` (${phase.failures.slice(0, 3).join(', ')})` : ''
    const requests = `${phase.name}: ${count(phase.failed)} of ${count(phase.due)} requests failed${how}`
    // During an outage only the requests due while it was felt are judged, and are in the figures.
    const isOutage = faults.some(({ kind, landed_ms }) => kind !== 'crash' && landed_ms !== null)
    const within = isOutage
      ? ' while the fault was felt'
      : ` within ${number((phase.end_ms - phase.start_ms) / 1000)} s`
    const p95 = phase.figures ? [`p95 ${milliseconds(phase.figures.p95_ms)}`] : []
    return [[requests + within, ...p95, ...faultsStory(faults)].join('; ')]
  })
  return [...stories, wholeRun(phases), ...attacks.map(attackStory)].map((one) => `${one}.`)
}

function wholeRun(phases: (Phase & { due: number; failed: number })[]): string {
  const due = phases.reduce((sum, one) => sum + one.due, 0)
  const failed = phases.reduce((sum, one) => sum + one.failed, 0)
  const all =
    failed === 0
      ? `All ${count(due)} requests were served`
      : `In all phases ${count(failed)} of ${count(due)} requests failed`
  // Older runs have no figures.
  const waits = phases.flatMap(({ name, figures }) => (figures?.p95_ms ? [{ name, p95_ms: figures.p95_ms }] : []))
  const [slowest] = waits.sort((a, b) => b.p95_ms - a.p95_ms)
  return slowest ? `${all}; the slowest phase was ${slowest.name}, with a p95 of ${milliseconds(slowest.p95_ms)}` : all
}

type Phase = Journal['happened']['phases'][number]

/** The requests of a phase, and how they failed, the most frequent first. A second belongs to the phase of its middle. */
function requestsIn({ start_ms, end_ms, figures }: Phase, seconds: MetricsEvent[]) {
  const failures = new Map<string, number>()
  let [due, failed] = [0, 0]
  for (const { second, rate, dropped, error_ratio, statuses } of seconds) {
    if (second * 1000 + 500 < start_ms || second * 1000 + 500 >= end_ms) continue
    due += rate + dropped
    failed += Math.round((error_ratio ?? 0) * (rate + dropped))
    for (const [status, n] of Object.entries(statuses ?? {}))
      if (!/^2\d\d$/.test(status)) failures.set(status, (failures.get(status) ?? 0) + n)
  }
  const names = [...failures].sort(([, a], [, b]) => b - a).map(([status]) => status)
  // Older runs have no figures.
  return { due: figures?.due ?? due, failed: figures?.failed ?? failed, failures: names }
}

type Attack = NonNullable<Journal['attacks']>[number]

/** What came of an attack. */
function attackStory({ phase, attempts, statuses, guesses }: Attack): string {
  const found = Number(statuses['200'] ?? 0) > 0
  if (guesses !== undefined)
    return `${phase}: ${count(guesses)} guesses without a request, the secret was ${found ? 'found' : 'not found'}`
  const accepted = Object.entries(statuses).filter(([status]) => outcomeOf(Number(status)) === 'accepted')
  const others = Object.entries(statuses).filter((one) => !accepted.some(([status]) => status === one[0]))
  const sum = accepted.reduce((total, [, n]) => total + n, 0)
  const words = others.map(
    ([status, n]) => `${count(n)} ${status === '0' ? 'without an answer' : `answered ${status}`}`,
  )
  return `${phase}: ${count(attempts)} attempts of the attacker, ${[`${count(sum)} accepted`, ...words].join(', ')}`
}

type Fault = Journal['happened']['faults'][number]
const mostStories = 3

/** What became of each fault; of many, the worst of each figure. */
export function faultsStory(faults: Fault[]): string[] {
  if (faults.length <= mostStories) return faults.map(faultStory)
  const worst = (figure: (fault: Fault) => number | null) => {
    const known = faults.flatMap((one) => figure(one) ?? [])
    const missing = faults.length - known.length
    return `${milliseconds(known.length > 0 ? Math.max(...known) : null)}${missing > 0 ? ` (never in ${missing})` : ''}`
  }
  const kinds = [...new Set(faults.map(({ kind }) => kind))].join(', ')
  return [
    `${faults.length} faults (${kinds}), at the worst felt after ${worst(landing)}, /health degraded after ${worst((one) => one.detected_after_ms)}, first success ${worst((one) => one.recovered_after_ms)} after the end`,
  ]
}

/** Milliseconds from the injection until a client felt it. */
export function landing({ landed_ms, injected_ms }: Fault): number | null {
  return landed_ms === null ? null : landed_ms - injected_ms
}

function faultStory(fault: Fault): string {
  const { kind, injected_ms, undone_ms, intact, detected_after_ms, recovered_after_ms } = fault
  const felt = landing(fault)
  const parts = [
    felt === null ? 'no request was refused' : `felt after ${milliseconds(felt)}`,
    detected_after_ms === null
      ? '/health never said degraded'
      : `/health degraded after ${milliseconds(detected_after_ms)}`,
    recovered_after_ms === null
      ? 'no success after it'
      : `first success ${milliseconds(recovered_after_ms)} after its end`,
  ]
  const cut = intact ? '' : ' (ended from outside, before its time)'
  return `${kind} for ${number((undone_ms - injected_ms) / 1000)} s${cut}: ${parts.join(', ')}`
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
  const guessed = Number(guess.replace(',', '.'))
  if (guess === '?') return 'no guess'
  if (typeof value !== 'number') return 'there was nothing to measure'
  if (guessed === value) return 'exactly right'
  const direction = guessed > value ? 'too high' : 'too low'
  const ratio = Math.max(guessed, value) / Math.min(guessed, value)
  // Of a share or of values around 0 the difference says more than a multiple.
  if (unit === '%' || unit === 'status' || !(Math.min(guessed, value) > 0))
    return `${number(Math.abs(guessed - value))} ${unit === '%' ? 'percentage points ' : ''}${direction}`
  return ratio < 1.2 ? 'close' : `${number(ratio)} times ${direction}`
}
