// Run by k6, not by Node: the mix of requests at the rates of an experiment's phases. Every request is printed as one
// line, since k6's own outputs know neither when it was due nor which note it wrote.
import exec from 'k6/execution'
import type { ConstantArrivalRateScenario } from 'k6/options'
import type { Kind } from './figures.ts'
import { type K6Request, sendDue } from './k6-request.ts'
import type { LoadPhase } from './load.ts'
import { requestAt } from './mix.ts'

/** One line. Moments are milliseconds since 1970; `start` is when the first phase began. */
export type RequestEvent = {
  kind: Kind
  scenario: string
  start: number
  due: number
  sent: number
  done: number
  status: number
  error?: string
  /** The note that was acknowledged. */
  note?: [id: string, title: string]
}

/** The arrivals of one scenario that k6 dropped, printed at its end. `start`: seconds since the first phase began. */
export type DroppedEvent = { scenario: string; start: number; rate: number; count: number }

const { URL: url = '', TOKEN: token, USERNAME: username, PASSWORD: password } = __ENV
const phases: LoadPhase[] = JSON.parse(__ENV.PHASES ?? '[]')
const ids: string[] = JSON.parse(__ENV.IDS ?? '[]')

const scenarios: Record<string, ConstantArrivalRateScenario> = {}
const starts: Record<string, number> = {}
let offset = 0
phases.forEach(({ rate, logins = 0, seconds }, i) => {
  add(`data_${i}`, 'data', rate, seconds)
  if (logins > 0) add(`logins_${i}`, 'login', logins, seconds)
  offset += seconds
})

function add(name: string, what: string, rate: number, seconds: number) {
  starts[name] = offset
  // Each takes about 0.4 MB, and neighbouring phases keep theirs beside each other: for stalls of half a second at the
  // highest rates and of seconds at low ones. One that is missing is an arrival dropped.
  const vus = Math.min(250, rate <= 50 ? rate * 10 : Math.ceil(rate * 1.2) + 10)
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
  const { name: scenario, startTime } = exec.scenario
  const start = startTime - (starts[scenario] ?? 0) * 1000
  const { due, sent, done, status, text, error } = sendDue(url, request)
  const note: RequestEvent['note'] = status === 201 && title ? [JSON.parse(text).id, title] : undefined
  const event: RequestEvent = { kind, scenario, start, due, sent, done, status, error: error && reasonOf(error), note }
  console.log(JSON.stringify(event))
}

/** The name of an error, as the lab's own generator says it. */
function reasonOf(error: string): string {
  return /refused/.test(error) ? 'ECONNREFUSED' : /timeout/.test(error) ? 'timeout' : 'error'
}

type Summary = { metrics: Record<string, { values: { count?: number } }> }

export function handleSummary({ metrics }: Summary) {
  const dropped: DroppedEvent[] = Object.entries(scenarios).map(([scenario, { rate }]) => ({
    scenario,
    start: starts[scenario] ?? 0,
    rate,
    count: metrics[`dropped_iterations{scenario:${scenario}}`]?.values.count ?? 0,
  }))
  return { stdout: `${JSON.stringify({ dropped })}\n` }
}
