import exec from 'k6/execution'
import type { Options, Scenario } from 'k6/options'
import { classes } from './api.ts'

/** At `rate` requests a second, `quantile` of them are answered within `latency_ms`, less than `error_ratio` fail. */
export type Goal = { rate: number; duration_seconds: number; quantile: number; latency_ms: number; error_ratio: number }

// k6 cannot import JSON.
export const goals: { baseline: Goal; peak: Goal } = JSON.parse(open('../slo.json')).goals

/** How requests arrive, in words too, and how many there are in how many seconds. */
export type Load = { scenario: Scenario; words: string; seconds: number; requests: number }

/** What DURATION asks for, in seconds, or what the script would take by itself. */
export function length(seconds: number): number {
  const asked = __ENV.DURATION
  if (!asked) return seconds
  const [, hours = 0, minutes = 0, rest = 0] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(asked) ?? []
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(rest)
  if (total === 0) exec.test.abort(`DURATION=${asked} is not a length: write it like 30s, 5m or 1h30m.`)
  return total
}

/** Arrivals follow the clock, whether or not earlier ones were answered: a slow API meets the same load as a fast one. */
export function steady(rate: number, seconds: number): Load {
  return {
    scenario: { executor: 'constant-arrival-rate', rate, duration: `${seconds}s`, ...users(rate) },
    words: `${rate} requests/s for ${seconds} s`,
    seconds,
    requests: rate * seconds,
  }
}

// A user takes about 0.4 MB, and the container has 256.
const most = 300

/** Virtual users for a stall of a second, or of 0.6 s at the peak rate. All are made before the start: one that is missing is an arrival dropped. */
export function users(rate: number) {
  const count = Math.min(rate + 10, most)
  return { preAllocatedVUs: count, maxVUs: count }
}

/** The share of the planned requests that must be sent for a run to prove anything. */
export const enough = 0.98

/** k6's own limits for one scenario; without a goal it only counts, so that the summary knows. Setup belongs to no scenario. */
export function thresholds(scenario: string, requests: number, goal?: Goal): NonNullable<Options['thresholds']> {
  return {
    [`http_req_duration{scenario:${scenario}}`]: goal ? [`${quantile(goal)}<${goal.latency_ms}`] : [],
    [`http_req_failed{scenario:${scenario}}`]: goal ? [`rate<${goal.error_ratio}`] : [],
    [`http_reqs{scenario:${scenario}}`]: goal ? [`count>=${Math.floor(requests * enough)}`] : [],
    [`dropped_iterations{scenario:${scenario}}`]: goal ? ['count==0'] : [],
  }
}

/** What all scripts have in common; `limits` are those of their scenarios. */
export function options(scenarios: Record<string, Scenario>, limits: Options['thresholds'], goal: Goal): Options {
  return {
    scenarios,
    // k6 counts by tag only what a threshold names, an empty one too.
    thresholds: { ...limits, ...Object.fromEntries(classes.map((one) => [`answers{class:${one}}`, []])) },
    summaryTrendStats: [...new Set(['p(50)', 'p(95)', 'p(99)', 'max', quantile(goal)])],
    // Otherwise k6 prints a line for each request without an answer, hundreds a second while the API is down.
    throw: true,
    // Each further tag would multiply the series in Prometheus.
    systemTags: ['scenario', 'name', 'method', 'status', 'expected_response', 'error_code'],
  }
}

/** k6's name of the quantile of a goal: 0.95 is p(95). */
export function quantile(goal: Goal): string {
  return `p(${percent(goal.quantile)})`
}

/** A ratio in per cent, without the digits that binary fractions add. */
export function percent(ratio: number): number {
  return Math.round(ratio * 1e6) / 1e4
}
