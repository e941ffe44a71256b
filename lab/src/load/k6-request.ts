// Run by k6, not by Node: one request, measured as the lab's own generator measures.
import exec from 'k6/execution'
import http from 'k6/http'
import type { ConstantArrivalRateScenario } from 'k6/options'

export type K6Request = {
  method: 'GET' | 'POST'
  path: string
  /** The path without ids: each name is a series in Prometheus. */
  route?: string
  body?: object
  token?: string
  keepBody?: boolean
}

/** Status 0: no answer, `error` says why. `id`: under which the API logs it. `took`: milliseconds from sending to the last byte; `done`: since 1970. */
type K6Answer = { status: number; took: number; done: number; text: string; id?: string; error?: string }

/** k6's users wait no longer than those of the lab's own generator. */
const timeout = '10s'

// In k6's own metrics, too, everything but a 2xx is a failed request; without this a redirect passes.
http.setResponseCallback(http.expectedStatuses({ min: 200, max: 299 }))

export function send(url: string, { method, path, route = path, body, token, keepBody }: K6Request): K6Answer {
  const headers: Record<string, string> = {}
  if (body) headers['Content-Type'] = 'application/json'
  if (token) headers.Authorization = `Bearer ${token}`
  const sent = Date.now()
  try {
    const answer = http.request(method, url + path, body ? JSON.stringify(body) : null, {
      headers,
      timeout,
      tags: { name: `${method} ${route}` },
      responseType: keepBody ? 'text' : 'none',
    })
    const { blocked, connecting, duration } = answer.timings
    const took = blocked + connecting + duration
    return {
      status: answer.status,
      took,
      done: Date.now(),
      text: String(answer.body),
      id: answer.headers['X-Request-Id'],
    }
  } catch (error) {
    // k6 says: Post "http://...": dial tcp ...: connection refused
    const text = String((error as { value?: unknown }).value ?? error).replace(/^.*?": /, '')
    return { status: 0, took: Date.now() - sent, done: Date.now(), text: '', error: text }
  }
}

const rates: Record<string, number> = {}

/** Sends the request of the running iteration; `due` as far as k6 knows: it numbers only the arrivals that it does not drop. */
export function sendDue(url: string, request: K6Request): K6Answer & { due: number; sent: number } {
  const { name, iterationInTest, startTime } = exec.scenario
  rates[name] ??= (exec.test.options.scenarios as Record<string, ConstantArrivalRateScenario>)[name]?.rate ?? 0
  const due = startTime + (iterationInTest * 1000) / rates[name]
  const answer = send(url, request)
  // k6's clock counts whole milliseconds, what it measured of the request itself is finer.
  const sent = Math.max(due, answer.done - answer.took)
  return { ...answer, due, sent, done: sent + answer.took }
}
