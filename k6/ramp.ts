// Where is the knee? Each step asks for more than the one before it, until the goal `peak` of slo.json is not met any
// more. The run passes when the step at that goal's own rate meets it; the steps beyond only look for the limit.
import type { ConstantArrivalRateScenario } from 'k6/options'
import { percent } from '../lab/src/load/figures.ts'
import { virtualUsers } from '../lab/src/load/mix.ts'
import { type Data, type Judgement, judge } from './judge.ts'
import { goals, length, options as optionsOf, steady, thresholds } from './load.ts'
import { summary } from './summary.ts'

const goal = goals.peak
const times = [0.5, 1, 2, 3, 4, 5, 6, 8]
const seconds = Math.max(Math.round(length(80) / times.length), 1)
// Late answers of one step must not fall into the next.
const rest = Math.min(seconds, 3)

const steps = times.map((factor, i) => {
  const rate = Math.round(goal.rate * factor)
  const name = `at_${rate}`
  const load = steady(name, rate, seconds, i * (seconds + rest))
  const scenario = { ...(load.scenarios[name] as ConstantArrivalRateScenario), gracefulStop: `${rest}s` }
  const limits = thresholds(goal, load.requests, `{scenario:${name}}`)
  // An empty threshold makes k6 count the step without a limit.
  const counted = Object.fromEntries(Object.keys(limits).map((metric) => [metric, []]))
  return { rate, name, load, scenario, limits: factor === 1 ? limits : counted }
})

export { request as default, setup } from './api.ts'

export const options = optionsOf(
  Object.fromEntries(steps.map(({ name, scenario }) => [name, scenario])),
  Object.assign({}, ...steps.map(({ limits }) => limits)),
  goal,
)

type Step = Judgement & { asked: number }

export function handleSummary(data: Data) {
  const found: Step[] = steps.map(({ name, rate, load }) => ({
    asked: rate,
    ...judge(data, goal, load, `{scenario:${name}}`),
  }))
  // A busy moment may spoil a low step; the knee is above the highest step that met the goal.
  const last = found.findLastIndex(({ verdict }) => verdict === 'PASS')
  const first = found[last + 1]
  const knee = found[last]?.asked
  const limit = first && limitOf(first)

  const atGoal = found[times.indexOf(1)] as Step
  const lines = [
    `ramp: steps of ${seconds} s, each to meet: ${atGoal.rows.map(({ what }) => what).join(', ')}`,
    '',
    row(['asked', 'reached', `p${percent(goal.quantile)}`, 'errors', 'dropped', 'met']),
    ...found.map((step) => row(cells(step))),
    '',
    knee ? `The goal was last met at ${knee} requests/s.` : 'The goal was met at no step.',
    first ? whatLimited(first, limit) : 'The knee lies beyond the last step.',
    '',
    `At ${goal.rate} requests/s:`,
  ]
  // In summary.json the figures are those of that step; `knee` is missing when no step met the goal.
  return summary(data, 'ramp', atGoal, lines, { knee, limit, steps: found.map(({ rows, reasons, ...step }) => step) })
}

function whatLimited({ asked }: Step, limit?: string): string {
  return limit ? `At ${asked} requests/s the ${limit} was the limit.` : 'The run ended before the knee was found.'
}

function limitOf({ rate, latency_ms, rows, asked, requests, dropped }: Step): 'API' | 'generator' | undefined {
  if (dropped === 0 && requests < 0.9 * asked * seconds) return undefined // cut short
  const apiMissed = rows.slice(0, 2).some(({ met }) => !met)
  // Little's law: so many virtual users waited for an answer at a time. If it was most of them, the API kept them busy.
  const waiting = (rate * latency_ms.p50) / 1000
  return apiMissed || waiting > virtualUsers(asked) / 2 ? 'API' : 'generator'
}

function cells({ asked, rate, latency, failed, requests, dropped, verdict }: Step): string[] {
  const errors = (100 * failed) / Math.max(requests + dropped, 1)
  const met = verdict === 'PASS' ? 'yes' : 'NO'
  return [`${asked}/s`, `${rate}/s`, `${latency.toFixed(1)} ms`, `${errors.toFixed(2)} %`, `${dropped}`, met]
}

function row(values: string[]): string {
  return values.map((value) => value.padStart(11)).join('')
}
