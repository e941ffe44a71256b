// Ten times the load within seconds, and back: does the API take it, and is it the same afterwards?
import { goals, type Load, length, users } from './load.ts'
import { judged } from './summary.ts'

const seconds = length(60)
const { rate } = goals.peak
const calm = Math.round(rate / 10)

/** Each stage goes in a straight line from the rate before it to its own, in a share of the whole time. */
const stages = [
  { share: 0.25, to: calm },
  { share: 0.05, to: rate },
  { share: 0.4, to: rate },
  { share: 0.05, to: calm },
  { share: 0.25, to: calm },
]

const load: Load = {
  scenario: {
    executor: 'ramping-arrival-rate',
    startRate: calm,
    stages: stages.map(({ share, to }) => ({ duration: `${Math.round(share * seconds * 1000)}ms`, target: to })),
    ...users(rate),
  },
  words: `from ${calm} to ${rate} requests/s and back in ${seconds} s`,
  seconds,
  requests: Math.round(
    stages.reduce((sum, { share, to }, i) => sum + ((stages[i - 1]?.to ?? calm) + to) * 0.5 * share * seconds, 0),
  ),
}

export { request as default, setup } from './api.ts'
export const { options, handleSummary } = judged('spike', goals.peak, load)
