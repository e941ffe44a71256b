// Run by k6, not by Node: the same mix of requests as mix.ts, at the rates of an experiment's phases. Every arrival is
// told in one line on the console, since k6's own outputs know neither when it was due nor which note it wrote.
import exec from 'k6/execution'
import http from 'k6/http'
import type { ConstantArrivalRateScenario } from 'k6/options'
import type { Phase } from '../runner/experiment.ts'
import type { Kind } from './open-loop.ts'

/** One line. Moments are milliseconds since 1970; `start` is when the first phase began. */
export type RequestEvent = {
  kind: Kind
  scenario: string
  start: number
  due: number
  /** How long the request took, and when it was over. */
  took: number
  done: number
  status: number
  error?: string
  /** The note that was acknowledged. */
  note?: [id: string, title: string]
}

const { URL: url, TOKEN: token, USERNAME: username, PASSWORD: password } = __ENV
const phases: Phase[] = JSON.parse(__ENV.PHASES ?? '[]')
const ids: string[] = JSON.parse(__ENV.IDS ?? '[]')
const share = { read: 0.7, list: 0.15 }

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
  // k6 counts by scenario only what a threshold names, one without a limit too.
  thresholds: Object.fromEntries(Object.keys(scenarios).map((name) => [`dropped_iterations{scenario:${name}}`, []])),
}

export function data() {
  // Multiples of the golden ratio fall evenly between 0 and 1: every run asks the same in the same order.
  const choice = (exec.scenario.iterationInTest * 0.618033988749895) % 1
  const id = ids[Math.floor(Math.random() * ids.length)]
  if (choice < share.read) return tell('read', 'GET', `/data/notes/${id}`)
  if (choice < share.read + share.list) return tell('list', 'GET', '/data/notes')
  const title = `note ${exec.scenario.name} ${exec.scenario.iterationInTest}`
  tell('write', 'POST', '/data/notes', { title, body: `${title}: ${'a line of some length. '.repeat(8)}` })
}

export function login() {
  tell('login', 'POST', '/auth/login', { username, password })
}

function tell(kind: Kind, method: 'GET' | 'POST', path: string, body?: Record<string, unknown>) {
  const { name, iterationInTest, startTime } = exec.scenario
  const { rate } = scenarios[name] as ConstantArrivalRateScenario
  const due = startTime + (iterationInTest * 1000) / rate
  const { status, took, text, error } = send(method, path, body, kind === 'write')
  const note = status === 201 && body ? [JSON.parse(text).id, body.title] : undefined
  const start = startTime - (starts[name] ?? 0) * 1000
  console.log(JSON.stringify({ kind, scenario: name, start, due, took, done: Date.now(), status, error, note }))
}

function send(method: 'GET' | 'POST', path: string, body: object | undefined, keepBody: boolean) {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  const sent = Date.now()
  try {
    const how = {
      headers,
      timeout: '10s',
      tags: { name: path.startsWith('/data/notes/') ? '/data/notes/:id' : path },
      responseType: keepBody ? ('text' as const) : ('none' as const),
      // Its types do not know this. Without it k6 says a line about every request without an answer.
      throw: true,
    }
    const answer = http.request(method, url + path, body ? JSON.stringify(body) : null, how)
    const { blocked, connecting, duration } = answer.timings
    return { status: answer.status, took: blocked + connecting + duration, text: String(answer.body) }
  } catch (error) {
    const text = String((error as { value?: unknown }).value ?? error)
    const reason = /refused/.test(text) ? 'ECONNREFUSED' : /timeout/.test(text) ? 'timeout' : 'error'
    return { status: 0, took: Date.now() - sent, text: '', error: reason }
  }
}

type Summary = { metrics: Record<string, { values: { count?: number } }> }

/** What k6 says of a scenario at its end: moments in seconds since its start. */
export type DroppedEvent = { scenario: string; start: number; rate: number; count: number }

export function handleSummary({ metrics }: Summary) {
  const dropped: DroppedEvent[] = Object.entries(scenarios).map(([scenario, { rate }]) => ({
    scenario,
    start: starts[scenario] ?? 0,
    rate,
    count: metrics[`dropped_iterations{scenario:${scenario}}`]?.values.count ?? 0,
  }))
  return { stdout: `${JSON.stringify({ dropped })}\n` }
}
