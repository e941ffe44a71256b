import type { FaultKind } from '../faults/fault.ts'
import { milliseconds, number } from '../report/html.ts'
import type { FaultEvent } from './faults.ts'
import type { Second } from './seconds.ts'

/** One event, and for a reader who wonders why it happened. */
export type Line = { at: number; text: string; tone: 'good' | 'bad' | 'plain'; why?: string }

const mostLines = 100

const began: Record<FaultKind, string> = {
  chmod: 'The permissions of the database file are taken away (chmod)',
  lock: 'Another process locks the database (lock)',
  move: 'The database file is renamed (move)',
  fill: 'The disk of the database is full (fill)',
  crash: 'The API is killed (kill -9)',
}
const over: Record<FaultKind, string> = {
  chmod: 'The permissions are back',
  lock: 'The lock is released',
  move: 'The database file has its name back',
  fill: 'The disk has room again',
  crash: 'The API is started again',
}

/** Tells what happens, one line an event. Lines of things noticed are made from the seconds. */
export function createStory(send: (line: Line) => void) {
  const lines: Line[] = []
  let wasOver = 0
  // What is so now, to tell only changes.
  const so = { failing: false, slow: false, full: false, late: false }

  function tell(text: string, tone: Line['tone'] = 'plain', why?: string, at = Date.now()): void {
    const line = { at, text, tone, why }
    lines.push(line)
    if (lines.length > mostLines) lines.shift()
    send(line)
  }

  function fault({ kind, at, begun, ended }: FaultEvent): void {
    if (begun) {
      tell(began[kind], 'bad', undefined, at)
      const felt = kind === 'crash' ? 'First request without an answer' : 'First 503'
      tell(`${felt} after ${milliseconds(begun.landed_ms)}`, 'bad', whyFelt[kind], at + begun.landed_ms)
      const { degraded_ms: noticed } = begun
      const said = kind === 'crash' ? '/health gives no answer' : '/health says degraded'
      if (noticed !== null) tell(`${said} after ${milliseconds(noticed)}`, 'plain', whyHealth[kind], at + noticed)
    }
    if (ended) {
      wasOver = at
      tell(over[kind], 'good', undefined, at)
      const { success_ms: success } = ended
      if (success !== null) tell(`First success after ${milliseconds(success)}`, 'good', whyBack, at + success)
    }
  }

  /** Tells it when something begins (`is`) or ends to be so. */
  function change(what: keyof typeof so, is: boolean, isNot: boolean, begin: () => void, end: () => void): void {
    if (so[what] ? !isNot : !is) return
    so[what] = !so[what]
    if (so[what]) begin()
    else end()
  }

  function watch({ offered, good, failed, p95, busy, lag, statuses }: Second, goal: { latency_ms: number }): void {
    const [most] = Object.entries(statuses).sort((a, b) => b[1] - a[1])
    const share = failed / Math.max(1, good + failed)
    const sinceOver = (Date.now() - wasOver) / 1000
    change(
      'failing',
      share > 0.01,
      offered > 0 && share <= 0.01,
      () =>
        tell(
          `${number(100 * share)} % of the requests fail${most ? `, most with ${named(most[0])}` : ''}`,
          'bad',
          whyFail,
        ),
      () =>
        tell(`Goodput is back${sinceOver < 60 ? `, ${number(sinceOver)} s after the end of the fault` : ''}`, 'good'),
    )
    change(
      'slow',
      (p95 ?? 0) >= goal.latency_ms,
      p95 !== null && p95 < 0.8 * goal.latency_ms,
      () => tell(`p95 is ${milliseconds(p95)}: beyond the goal of ${goal.latency_ms} ms`, 'bad', whySlow),
      () => tell(`p95 is ${milliseconds(p95)}: the goal is met again`, 'good'),
    )
    change(
      'full',
      (busy ?? 0) > 0.95,
      (busy ?? 1) < 0.85,
      () => tell("The API's only thread is busy all the time", 'bad', whyFull),
      () => tell("The API's thread has time again", 'good'),
    )
    change(
      'late',
      lag > 100,
      lag < 20,
      () => tell('The load itself is late: this machine has too few processors for it', 'bad', whyLate),
      () => tell('The load is on time again', 'good'),
    )
  }
  return { lines, tell, fault, watch }
}

function named(status: string): string {
  return /^\d/.test(status) ? status : `no answer (${status})`
}

const whyFail = 'Everything but a 2xx answer is a failure for the client, also a quick refusal.'
const whySlow =
  'More arrives than the API gets done, so requests wait for their turn. The wait, not the work, makes them slow.'
const whyFull = 'From here on every further request only makes the queue longer: this is the capacity of the API.'
const whyLate =
  'Requests were sent later than they were due. Until it is on time, the latencies are not the doing of the API alone.'
const whyBack = 'The API looks for its database ten times a second, so nothing has to be restarted.'
const database =
  'The API checks its database before every use and refuses at once, instead of letting its clients wait.'
const whyFelt: Record<FaultKind, string> = {
  chmod: database,
  lock: database,
  move: database,
  fill: 'A write finds no room. Reading needs none, so it goes on.',
  crash: 'No process listens any more, so the system itself turns the connections away.',
}
const process = 'The process lives and says so: it answers 200, with "degraded" in it. A load balancer would know now.'
const whyHealth: Record<FaultKind, string> = {
  chmod: process,
  lock: process,
  move: process,
  fill: process,
  crash: 'Nothing is left that could say anything: silence is the signal.',
}
