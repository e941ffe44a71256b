import type { FaultKind } from '../faults/fault.ts'
import { count, milliseconds, number } from '../report/html.ts'
import type { FaultEvent } from './faults.ts'
import type { Knobs } from './live-load.ts'
import type { Second } from './seconds.ts'

/** One event, and for a reader who wonders why it happened. */
export type Line = { at: number; text: string; tone: 'good' | 'bad' | 'plain'; why?: string }

const mostLines = 100

const database =
  'The API checks its database before every use and refuses at once, instead of letting its clients wait.'
const reads = 'Only writes are refused: clients that read notice nothing.'
/** What is told when it begins, why a client feels it so, and what is told when it is over. */
const words: Record<FaultKind, [began: string, why: string, over: string]> = {
  chmod: ['The permissions of the database file are taken away (chmod)', database, 'The permissions are back'],
  lock: ['Another process locks the database (lock)', database, 'The lock is released'],
  move: ['The database file is renamed (move)', database, 'The database file has its name back'],
  readonly: ['The database file may only be read (readonly)', reads, 'The database file may be written again'],
  fill: ['The disk of the database is full (fill)', reads, 'The disk has room again'],
  crash: [
    'The API is killed (kill -9)',
    'No process listens: the system turns connections away.',
    'The API is started again',
  ],
}

/** Tells what happens, one line an event. Lines of things noticed are made from the seconds. */
export function createStory(send: (line: Line) => void) {
  const lines: Line[] = []
  let wasOver = 0

  function tell(text: string, tone: Line['tone'] = 'plain', why?: string, at = Date.now()): void {
    // A reason that was just given is not given again.
    const isKnown = lines.slice(-15).some((line) => line.why === why)
    const line = { at, text, tone, why: isKnown ? undefined : why }
    lines.push(line)
    if (lines.length > mostLines) lines.shift()
    send(line)
  }

  function fault({ kind, at, begun, ended }: FaultEvent): void {
    const [began, why, over] = words[kind]
    const isCrash = kind === 'crash'
    if (begun) {
      const { landed_ms: felt, degraded_ms: noticed } = begun
      tell(began, 'bad', undefined, at)
      tell(`First ${isCrash ? 'request without an answer' : '503'} after ${milliseconds(felt)}`, 'bad', why, at + felt)
      const said = isCrash ? '/health gives no answer' : '/health says degraded'
      const whyNoticed = isCrash ? 'Nothing is left that could say anything: silence is the signal.' : whySaid
      if (noticed !== null) tell(`${said} after ${milliseconds(noticed)}`, 'plain', whyNoticed, at + noticed)
    }
    if (ended) {
      wasOver = at
      tell(over, 'good', undefined, at)
      const { success_ms: success } = ended
      if (success !== null) tell(`First success after ${milliseconds(success)}`, 'good', whyBack, at + success)
    }
  }

  // Each is told when it begins and when it ends; what comes and goes at a limit must last for some seconds.
  const failing = createState(1)
  const slow = createState(3)
  const full = createState(3)
  const late = createState(3)

  function watch({ offered, good, failed, p95, busy, lag, statuses }: Second, goal: { latency_ms: number }): void {
    const share = failed / Math.max(1, good + failed)
    const [most] = Object.entries(statuses).sort((a, b) => b[1] - a[1])
    const how = most ? `, most ${named(most[0])}` : ''
    const isFailing = failing(share > 0.01, offered > 0 && share <= 0.01)
    if (isFailing) tell(`${number(100 * share)} % of the requests fail${how}`, 'bad', whyFail)
    if (isFailing === false) {
      const since = (Date.now() - wasOver) / 1000
      tell(`Goodput is back${since < 60 ? `, ${number(since)} s after the end of the fault` : ''}`, 'good')
    }
    const { latency_ms: limit } = goal
    const isSlow = slow((p95 ?? 0) >= limit, p95 !== null && p95 < 0.8 * limit)
    if (isSlow) tell(`p95 is ${milliseconds(p95)}: beyond the goal of ${limit} ms`, 'bad', whySlow)
    if (isSlow === false) tell(`p95 is ${milliseconds(p95)}: the goal is met again`, 'good')
    const isFull = full((busy ?? 0) > 0.95, (busy ?? 1) < 0.85)
    if (isFull) tell("The API's only thread is busy all the time", 'bad', whyFull)
    if (isFull === false) tell("The API's thread has time again", 'good')
    const isLate = late(lag > 100, lag < 20)
    if (isLate) tell('The load itself is late: this machine has too few processors for it', 'bad', whyLate)
    if (isLate === false) tell('The load is on time again', 'good')
  }
  return { lines, tell, fault, watch }
}

/** Returns true when something has begun, false when it is over, nothing in between: after so many seconds in a row. */
function createState(lasting: number) {
  let [isSo, seconds] = [false, 0]
  return (begins: boolean, ends: boolean): boolean | undefined => {
    seconds = (isSo ? ends : begins) ? seconds + 1 : 0
    if (seconds < lasting) return undefined
    ;[isSo, seconds] = [!isSo, 0]
    return isSo
  }
}

/** The load that was set, in words. */
export function loadWords({ rate, arrivals, writes, clients }: Knobs): string {
  if (rate === 0) return 'The load ends'
  const spaced = arrivals === 'even' ? 'evenly spaced' : 'at random (Poisson)'
  return `Load: ${count(rate)} requests/s, ${spaced}, ${Math.round(100 * writes)} % write, ${clients} clients`
}

function named(status: string): string {
  if (status === 'not sent') return 'never sent, as too many wait already'
  return /^\d/.test(status) ? `answered ${status}` : `without an answer (${status})`
}

const whyFail = 'Everything but a 2xx answer is a failure for the client, also a quick refusal.'
const whySlow =
  'More arrives than the API gets done, so requests wait for their turn. The wait, not the work, makes them slow.'
const whyFull = 'From here on every further request only makes the queue longer: this is the capacity of the API.'
const whyLate =
  'Requests were sent later than they were due. Until it is on time, the latencies are not the doing of the API alone.'
const whyBack = 'The API looks for its database ten times a second, so nothing has to be restarted.'
const whySaid = 'The process works and says so: 200, with "degraded" in the answer. A load balancer would know now.'
export const whyShed =
  'A request that would wait longer than 50 ms is refused at once. The others are quick: some served well beats all served late.'
