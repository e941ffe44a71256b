import exec from 'k6/execution'
import { Counter, Rate, Trend } from 'k6/metrics'
import { heldUpMs, isSuccess, lagOf, latencyOf } from '../lab/src/load/figures.ts'
import { type K6Request, sendDue, send as sendTo } from '../lab/src/load/k6-request.ts'
import { noteAt, notesToRead, requestAt } from '../lab/src/load/mix.ts'

const url = (__ENV.API_URL || 'http://127.0.0.1:8080').replace(/\/+$/, '')
const send = (request: K6Request) => sendTo(url, request)

// k6's own http_req_duration begins when a request is sent: it misses the time that a client waited before.
const fromDue = new Trend('latency_from_due', true)
const fromSent = new Trend('latency_from_sent', true)
const lag = new Trend('generator_lag', true)
const failed = new Rate('failed_requests')
const heldUp = new Counter('held_up')

/** Requests by the class of their answer: tag `class` is one of these; `none`: no answer came. */
export const classes = ['2xx', '3xx', '4xx', '5xx', 'none']
const answers = new Counter('answers')

export type Prepared = { token: string; ids: string[] }

/** Runs once before the load: logs in as the first of LAB_USERS and writes the notes to read. */
export function setup(): Prepared {
  const token = logIn()
  const ids = Array.from({ length: notesToRead }, (_, i) => {
    const { status, text } = send({ method: 'POST', path: '/data/notes', body: noteAt(i), token, keepBody: true })
    if (status !== 201) exec.test.abort(`The API answered ${status} to a note that setup wrote before the load.`)
    return JSON.parse(text).id
  })
  return { token, ids }
}

/** One request of the mix: every arrival of a load is one call of this. */
export function request({ token, ids }: Prepared): void {
  const { kind, note, ...asked } = requestAt(exec.scenario.iterationInTest, ids)
  const answer = sendDue(url, { ...asked, body: note, token })
  const result = { kind, ...answer }
  fromDue.add(latencyOf(result))
  fromSent.add(answer.took)
  lag.add(lagOf(result))
  failed.add(!isSuccess(result))
  heldUp.add(answer.took >= heldUpMs ? 1 : 0)
  answers.add(1, { class: answer.status === 0 ? 'none' : `${Math.floor(answer.status / 100)}xx` })
}

function logIn(): string {
  const [first = ''] = (__ENV.LAB_USERS ?? '').split(',')
  const [username, ...rest] = first.split(':')
  const password = rest.join(':')
  if (!username || !password) {
    exec.test.abort(
      'LAB_USERS is missing: it names the user who logs in, as name:password. `make up` makes one and the load targets pass it on.',
    )
  }
  const answer = send({ method: 'POST', path: '/auth/login', body: { username, password }, keepBody: true })
  const { status, text, error } = answer
  if (status === 0) exec.test.abort(`Nothing answers at ${url} (${error}). Is the API running? \`make up\` starts it.`)
  if (status !== 200) exec.test.abort(refusals[status] ?? `The login at ${url} returned ${status}: is that the API?`)
  return JSON.parse(text).token
}

const refusals: Record<number, string> = {
  401: 'The API refuses the user or the password that is first in LAB_USERS.',
  429: 'Too many logins: the API asks to wait a minute.',
  503: 'The API has no database at the moment, so logins fail: `make recover` ends a fault.',
}
