import { type FaultKind, faults } from '../faults/all.ts'
import type { FaultMoment } from '../faults/fault.ts'
import { count } from '../load/figures.ts'
import { milliseconds, number } from '../report/html.ts'
import type { Second } from './seconds.ts'

/** One event, and for a reader who wonders why it happened. */
export type Line = { at: number; text: string; tone: 'good' | 'bad' | 'plain'; why?: string }

type Watched = Omit<Second, 'sent' | 'p50' | 'p99' | 'waiting' | 'health'>
export type Story = ReturnType<typeof createStory>

const mostLines = 100

/** Tells what happens, one line an event. Lines of things noticed are made from the seconds. */
export function createStory(send: (line: Line) => void) {
  const lines: Line[] = []
  // When the last fault began; and its end, until the goodput after it has been told.
  let began = 0
  let over: number | undefined

  function tell(text: string, tone: Line['tone'] = 'plain', why?: string, at = Date.now()): void {
    // A reason that was just given is not given again.
    const isKnown = lines.slice(-15).some((line) => line.why === why)
    const line = { at, text, tone, why: isKnown ? undefined : why }
    lines.push(line)
    if (lines.length > mostLines) lines.shift()
    send(line)
  }

  /** `at`: the wall clock's moment. */
  function fault(kind: FaultKind, what: FaultMoment, at: number): void {
    const { stops, story } = faults[kind]
    const kills = stops === 'process'
    // A request that was under way may tell that it felt the fault when that is over.
    const after = ` after ${milliseconds(at - (what === 'back' ? (over ?? at) : began))}`
    if (what === 'begun') {
      began = at
      over = undefined
      tell(story[0], 'bad', undefined, at)
    } else if (what === 'felt') {
      const why = kills ? whyKilled : stops === 'writes' ? whyReads : whyRefused
      tell(`First ${kills ? 'request without an answer' : '503'}${after}`, 'bad', why, at)
    } else if (what === 'noticed') {
      const why = kills ? 'Nothing is left that could say anything: silence is the signal.' : whySaid
      tell(`${kills ? '/health gives no answer' : '/health says degraded'}${after}`, 'plain', why, at)
    } else if (what === 'over') {
      over = at
      tell(story[1], 'good', undefined, at)
    } else tell(`First success${after}`, 'good', whyBack, at)
  }

  // Each is told when it begins and when it ends; what comes and goes at a limit must last for some seconds.
  const fresh = () => [createState(1, 3), createState(3), createState(3), createState(3)] as const
  let [failing, slow, full, late] = fresh()

  /** Another API is shown from now on: what was seen of the last one does not end on it. */
  function restart(): void {
    ;[failing, slow, full, late] = fresh()
    over = undefined
  }

  function watch(second: Watched): void {
    const { at, offered, good, failed, p95, busy, lag, statuses, fault, goal } = second
    const share = failed / Math.max(1, good + failed)
    const [most] = Object.entries(statuses).sort((a, b) => b[1] - a[1])
    const how = most ? `, most ${named(most[0])}` : ''
    const isFailing = failing(share > 0.01, offered > 0 && share <= 0.01)
    if (isFailing) tell(`Requests begin to fail${how}`, 'bad', whyFail)
    if (isFailing === false) {
      // It was back two seconds ago already, and two had to follow it. A second failure later has nothing to do with that fault.
      const since = over === undefined ? undefined : Math.max(0, at - 2_000 - over) / 1000
      const after = since !== undefined && since < 60 ? `, ${number(since)} s after the end of the fault` : ''
      tell(`Goodput is back${after}`, 'good', undefined, at - 2_000)
      if (fault === null) over = undefined
    }
    const isOnTime = lag <= 20
    const isBusy = (busy ?? 0) > 0.95
    if (goal) {
      const goalWords = `the goal of ${goal.latency_ms} ms at ${count(goal.rate)}/s`
      // Quick refusals are no success: the goal is met again only when requests are served again.
      const isQuick = p95 !== null && p95 < 0.8 * goal.latency_ms && share <= 0.01
      const isSlow = slow((p95 ?? 0) >= goal.latency_ms, isQuick)
      const whySlow = fault ? whyBroken : isBusy && isOnTime ? whyCrowded : undefined
      if (isSlow) tell(`p95 is ${milliseconds(p95)}: beyond ${goalWords}`, 'bad', whySlow)
      if (isSlow === false) tell(`p95 is ${milliseconds(p95)}: ${goalWords} is met again`, 'good')
    }
    const isFull = full(isBusy, (busy ?? 1) < 0.85)
    if (isFull)
      tell("The API's only thread is always busy or kept waiting", 'bad', fault || !isOnTime ? undefined : whyFull)
    if (isFull === false) tell("The API's thread has time again", 'good')
    const isLate = late(lag > 100, lag < 20)
    if (isLate) tell('The load itself is late: this machine has too few processors for it', 'bad', whyLate)
    if (isLate === false) tell('The load is on time again', 'good')
  }
  return { lines, tell, fault, watch, restart }
}

/** Returns true when something has begun, false when it is over, nothing in between: after so many seconds in a row. */
function createState(toBegin: number, toEnd = toBegin) {
  let [isSo, seconds] = [false, 0]
  return (begins: boolean, ends: boolean): boolean | undefined => {
    seconds = (isSo ? ends : begins) ? seconds + 1 : 0
    if (seconds < (isSo ? toEnd : toBegin)) return undefined
    ;[isSo, seconds] = [!isSo, 0]
    return isSo
  }
}

function named(status: string): string {
  if (status === 'not sent') return 'not sent by the lab: so many wait already that it lets no more wait'
  return /^\d/.test(status) ? `answered ${status}` : `without an answer (${status})`
}

const whyRefused = 'The API refuses at once what its database cannot do now, instead of letting its clients wait.'
const whyReads = 'Only writes are refused: clients that read notice nothing.'
const whyKilled = 'No process listens: the system turns connections away.'
const whyFail = 'Everything but a 2xx answer is a failure for the client, also a quick refusal.'
const whyBroken = 'The fault is on: what needs the broken part waits for it, and others wait behind that.'
const whyCrowded =
  'More arrives than the API gets done, so requests wait for their turn. The wait, not the work, makes them slow.'
const whyFull =
  'From here on every further request only makes the queue longer. As long as the load comes on time, this is the capacity of the API.'
const whyLate =
  'Requests were sent later than they were due. Until it is on time, neither the latencies nor the full thread say what the API alone can do: this is not its capacity.'
const whyBack = 'The API looks for its database ten times a second, so nothing has to be restarted.'
const whySaid = 'The process works and says so: 200, with "degraded" in the body. A monitor that reads it knows now.'
export const whyShed =
  'A data request that has waited longer than 50 ms, and a login that would, is refused at once. The others are quick: some served well beats all served late.'
