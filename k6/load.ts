import exec from 'k6/execution'
import type { ConstantArrivalRateScenario, Options } from 'k6/options'
import { enough, type Goal as Limits } from '../lab/src/load/figures.ts'
import { virtualUsers } from '../lab/src/load/mix.ts'
import { classes } from './api.ts'
import { quantile } from './judge.ts'

/** At `rate` requests a second the limits hold. */
export type Goal = Limits & { rate: number; duration_seconds: number }

// k6 cannot import JSON.
export const goals: { baseline: Goal; peak: Goal } = JSON.parse(open('../slo.json')).goals

/** How requests arrive, in words too, and how many there are in how many seconds. */
export type Load = {
  scenarios: Record<string, ConstantArrivalRateScenario>
  words: string
  seconds: number
  requests: number
  users: number
}

/** The seconds that DURATION asks for, or the script's own. */
export function length(seconds: number): number {
  const asked = __ENV.DURATION
  if (!asked) return seconds
  const [, hours = 0, minutes = 0, rest = 0] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(asked) ?? []
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(rest)
  if (total === 0) exec.test.abort(`DURATION=${asked} is not a length: write it like 30s, 5m or 1h30m.`)
  return total
}

/** Arrivals follow the clock, whether or not earlier ones were answered: a slow API meets the same load as a fast one. */
export function steady(name: string, rate: number, seconds: number, startTime = 0): Load {
  const vus = virtualUsers(rate)
  const scenario: ConstantArrivalRateScenario = {
    executor: 'constant-arrival-rate',
    rate,
    duration: `${seconds}s`,
    startTime: `${startTime}s`,
    preAllocatedVUs: vus,
    maxVUs: vus,
  }
  const words = `${rate} requests/s for ${seconds} s`
  return { scenarios: { [name]: scenario }, words, seconds, requests: Math.round(rate * seconds), users: vus }
}

/** The limits of a goal as k6's thresholds, so that its exit code says the same as the verdict. */
export function thresholds(goal: Goal, requests: number, tag = ''): NonNullable<Options['thresholds']> {
  return {
    [`latency_from_due${tag}`]: [`${quantile(goal)}<${goal.latency_ms}`],
    [`failed_requests${tag}`]: [`rate<${goal.error_ratio}`],
    [`generator_lag${tag}`]: [`p(99)<=${goal.latency_ms / 2}`],
    [`iterations${tag}`]: [`count>=${Math.floor(requests * enough)}`],
    [`dropped_iterations${tag}`]: ['count==0'],
    // Without a limit: k6 counts by tag only where a threshold names the tag.
    [`latency_from_sent${tag}`]: [],
    [`held_up${tag}`]: [],
  }
}

/** What all scripts have in common; `limits` are those that the script must meet. */
export function options(scenarios: Load['scenarios'], limits: Options['thresholds'], goal: Goal): Options {
  return {
    scenarios,
    // k6 counts by tag only where a threshold names the tag; an empty one is enough.
    thresholds: { ...limits, ...Object.fromEntries(classes.map((one) => [`answers{class:${one}}`, []])) },
    summaryTrendStats: [...new Set(['p(50)', 'p(95)', 'p(99)', 'max', quantile(goal)])],
    // Otherwise k6 prints a line for each request without an answer, hundreds a second while the API is down.
    throw: true,
    // Each further tag would multiply the series in Prometheus.
    systemTags: ['scenario', 'name', 'method', 'status', 'expected_response', 'error_code'],
  }
}
