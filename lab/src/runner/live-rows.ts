import { styleText } from 'node:util'
import { type Tally, tally } from '../attacks/attack.ts'
import { number } from '../report/html.ts'
import type { Phase } from './experiment.ts'
import type { ProbeSample } from './probe.ts'
import type { Playing } from './run.ts'
import { say, wrap } from './screen.ts'
import { phaseAt, sentAndAnswered } from './seconds.ts'
import { isWithin } from './selection.ts'

// The table of a run that is under way: a row for each second.

const heading = '  time  phase        sent answered failed  p95 ms  /health'
export const attackHeading = `${heading}   let in`

const quietRows = 5

const legend = `A row is one second and counts the answers that came in it; the report counts a request when it was due. Of seconds like the one before only every fifth is shown. Behind "<-" stands what has changed: "answered" when fewer than 8 of 10 requests got an answer in this second (or enough again), "failed", "p95" or "health".`

const ofK6 = `k6 reports a request only when it is over: "due" is what it was asked to send.`

/** What happens in a phase. */
export function phaseWords({ name, rate, logins = 0, seconds, says }: Phase): string {
  const load = rate > 0 ? `${rate} requests` : `${Math.round(logins)} logins`
  return `${says ?? `${name}: ${load} a second.`} (${number(seconds, 2)} s)`
}

/** Prints what happens now, and the head of the table. */
export function announce(phase: Phase, playing: Pick<Playing, 'experiment' | 'load'>): void {
  say()
  say(wrap(phaseWords(phase)))
  say(headOf(phase, playing))
}

/** An unannounced phase has an empty column. k6 does not tell what waits for its answer, so the column has what is due. */
export function headOf({ attack }: Phase, { experiment, load }: Pick<Playing, 'experiment' | 'load'>): string {
  const head = attack ? attackHeading : experiment.unannounced ? heading.replace('phase', '     ') : heading
  return load.waiting ? head : head.replace('sent', ' due')
}

/**
 * Returns a function that writes the row of every second that was over at a moment, and returns when the next one will be. A
 * row belongs to the phase in which its second lies.
 */
export function rowWriter({ experiment: { unannounced }, run, load }: Playing): (moment: number) => number {
  if (!unannounced) say(wrap(load.waiting ? legend : `${legend} ${ofK6}`))
  const row = liveTable(unannounced)

  function write(second: number, from: number): void {
    const phase = phaseAt(run, second)?.plan
    const met = sentAndAnswered(run.results, load.waiting?.(), from)
    const inSecond = ({ done }: { done: number }) => isWithin(done, from, from + 1000)
    const attempts = phase?.attack && run.attacks.at(-1)?.attempts.filter(inSecond)
    const planned = (phase?.rate ?? 0) + (phase?.logins ?? 0)
    const answers = { ...met, sent: met.sent ?? planned }
    const name = unannounced ? '' : (phase?.name ?? '')
    const text = row(second, name, answers, run.health.findLast(inSecond), attempts && tally(attempts))
    if (text) say(text)
  }

  let second = 0
  return (moment) => {
    const next = () => run.startedAt + (second + 1) * 1000
    for (; next() <= moment; second++) write(second, next() - 1000)
    return next()
  }
}

/** What the clients met in one second: requests sent, answers that arrived, and how many of those failed. */
type Answers = { sent: number; answered: number; failed: number; p95_ms: number | null }
type Seen = Answers & { second: number; phase: string; health: string; attack?: Tally }

/**
 * Returns a function that writes the row of a second, counted from 0, with what /health said last; nothing where nothing has
 * changed: then only every fifth second is shown. What has changed is named behind the row: in red where it got worse, in green
 * where it got better. `isPlain`: every second, and no such help.
 */
export function liveTable(isPlain = false) {
  let before: Seen | undefined
  let hidden = 0
  return (second: number, phase: string, answers: Answers, health?: ProbeSample, attack?: Tally) => {
    const seen = { second, phase, ...answers, health: healthWord(health), attack }
    const isNew = before?.phase !== seen.phase
    const changes = before === undefined || isPlain ? [] : changesIn(before, seen)
    const isShown = isPlain || isNew || changes.length > 0 || hidden >= quietRows - 1
    before = seen
    hidden = isShown ? 0 : hidden + 1
    return isShown ? row(seen, changes) : undefined
  }
}

type Change = { name: string; isWorse: boolean }

// A latency has changed when it is three times what it was, or a third, and by more than people overlook.
const [factor, noticeableMs] = [3, 20]

/** What has changed since the second before, and whether for the worse. */
function changesIn(before: Seen, now: Seen): Change[] {
  const isLate = ({ sent, answered }: Seen) => answered < 0.8 * sent
  const isIn = ({ attack }: Seen) => (attack?.accepted ?? 0) > 0
  const [was, is] = [before.p95_ms ?? 0, now.p95_ms ?? 0]
  const isOtherLatency = Math.max(was, is) >= factor * Math.min(was, is) && Math.abs(is - was) >= noticeableMs
  const changes = [
    { name: 'answered', hasChanged: isLate(before) !== isLate(now), isWorse: isLate(now) },
    { name: 'failed', hasChanged: before.failed > 0 !== now.failed > 0, isWorse: now.failed > 0 },
    { name: 'p95', hasChanged: isOtherLatency, isWorse: is > was },
    { name: 'health', hasChanged: before.health !== now.health, isWorse: now.health !== 'ok' },
    { name: 'let in', hasChanged: isIn(before) !== isIn(now), isWorse: isIn(now) },
  ]
  return changes.filter(({ hasChanged }) => hasChanged)
}

function row({ second, phase, sent, answered, failed, p95_ms, health, attack }: Seen, changes: Change[]): string {
  const cells = [
    `${String(second + 1).padStart(4)} s  ${phase.slice(0, 11).padEnd(11)}`,
    String(sent).padStart(6),
    String(answered).padStart(9),
    String(failed).padStart(7),
    (p95_ms === null ? '-' : number(p95_ms)).padStart(8),
    `  ${health.padEnd(10)}`,
    ...(attack ? [`${attackCell(attack).padEnd(8)} `] : []),
  ]
  // There is room for two words, and beside an attack for one.
  const words = changes
    .slice(0, attack ? 1 : 2)
    .map(({ name, isWorse }) => styleText(['bold', isWorse ? 'red' : 'green'], name))
  return `${cells.join('')}${words.length > 0 ? `<- ${words.join(', ')}` : ''}`.trimEnd()
}

/** As many guesses as fit into a second must leave room for a word behind them. */
const compact = new Intl.NumberFormat('en', { notation: 'compact' })

function attackCell({ guesses, accepted, refused, unanswered, error }: Tally): string {
  return guesses > 0 ? `${compact.format(guesses)} tried` : `${accepted} of ${accepted + refused + unanswered + error}`
}

function healthWord(sample?: ProbeSample): string {
  if (sample?.status !== 200) return 'no answer'
  return sample.degraded ? 'degraded' : 'ok'
}
