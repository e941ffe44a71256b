// Run by k6, not by Node: the mix of requests at the rates of an experiment's phases. Every request is printed as one
// line, since k6's own outputs know neither when it was due nor which note it wrote.
import exec from 'k6/execution'
import type { ConstantArrivalRateScenario } from 'k6/options'
import type { Kind, Result } from './figures.ts'
import { type K6Request, sendDue } from './k6-request.ts'
import type { LoadPhase } from './load.ts'
import { requestAt, virtualUsers } from './mix.ts'

/** One line. Moments are milliseconds since 1970; `start`: when the first phase began; `note`: the one that was acknowledged; `refused`: the id of a request that was answered 503. */
export type RequestEvent = Result & { start: number; note?: [id: string, title: string]; refused?: string }

/** How many arrivals k6 dropped, printed at the end for each scenario. `middle` of its phase: seconds since the first one began. */
export type DroppedEvent = { middle: number; count: number }

const { URL: url = '', TOKEN: token, USERNAME: username, PASSWORD: password } = __ENV
const phases: LoadPhase[] = JSON.parse(__ENV.PHASES ?? '[]')
const ids: string[] = JSON.parse(__ENV.IDS ?? '[]')

const scenarios: Record<string, ConstantArrivalRateScenario> = {}
const plans: Record<string, { start: number; seconds: number }> = {}
let offset = 0
phases.forEach(({ rate, logins = 0, seconds }, i) => {
  add(`data_${i}`, 'data', rate, seconds)
  if (logins > 0) add(`logins_${i}`, 'login', logins, seconds)
  offset += seconds
})

function add(name: string, what: string, rate: number, seconds: number) {
  plans[name] = { start: offset, seconds }
  const vus = virtualUsers(rate)
  scenarios[name] = {
    executor: 'constant-arrival-rate',
    exec: what,
    rate,
    duration: `${seconds}s`,
    startTime: `${offset}s`,
    gracefulStop: '10s',
    preAllocatedVUs: vus,
    maxVUs: vus,
  }
}

export const options = {
  scenarios,
  discardResponseBodies: true,
  // Otherwise k6 prints a line about every request without an answer.
  throw: true,
  // k6 counts by scenario only what a threshold names, one without a limit too.
  thresholds: Object.fromEntries(Object.keys(scenarios).map((name) => [`dropped_iterations{scenario:${name}}`, []])),
}

export function data() {
  const { kind, method, path, route, note } = requestAt(exec.scenario.iterationInTest, ids)
  print(kind, { method, path, route, body: note, token, keepBody: kind === 'write' }, note?.title)
}

export function login() {
  print('login', { method: 'POST', path: '/auth/login', body: { username, password } })
}

function print(kind: Kind, request: K6Request, title?: string) {
  const { name, startTime } = exec.scenario
  const start = startTime - (plans[name]?.start ?? 0) * 1000
  const { due, sent, done, status, text, id, error } = sendDue(url, request)
  const note: RequestEvent['note'] = status === 201 && title ? [JSON.parse(text).id, title] : undefined
  const event: RequestEvent = { kind, start, due, sent, done, status, error: error && reasonOf(error), note }
  if (status === 503) event.refused = id
  console.log(JSON.stringify(event))
}

/** The name of an error, as the lab's own generator says it. */
function reasonOf(error: string): string {
  return /refused/.test(error) ? 'ECONNREFUSED' : /timeout/.test(error) ? 'timeout' : 'error'
}

type Summary = { metrics: Record<string, { values: { count?: number } }> }

export function handleSummary({ metrics }: Summary) {
  const dropped: DroppedEvent[] = Object.entries(plans).map(([name, { start, seconds }]) => {
    const count = metrics[`dropped_iterations{scenario:${name}}`]?.values.count ?? 0
    return { middle: start + seconds / 2, count }
  })
  return { stdout: `${JSON.stringify({ dropped })}\n` }
}
