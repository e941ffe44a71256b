// Ten times the load at once, and back: does the API take it, and is it the same afterwards?
import { goals, type Load, length, steady } from './load.ts'
import { judged } from './summary.ts'

const seconds = length(60)
const { rate } = goals.peak
const calm = Math.round(rate / 10)
const parts = [
  steady('before', calm, seconds * 0.3),
  steady('spike', rate, seconds * 0.4, seconds * 0.3),
  steady('after', calm, seconds * 0.3, seconds * 0.7),
]

const load: Load = {
  scenarios: Object.assign({}, ...parts.map(({ scenarios }) => scenarios)),
  words: `from ${calm} to ${rate} requests/s and back in ${seconds} s`,
  seconds,
  requests: parts.reduce((sum, { requests }) => sum + requests, 0),
  users: Math.max(...parts.map(({ users }) => users)),
}

export { request as default, setup } from './api.ts'
export const { options, handleSummary } = judged('spike', goals.peak, load)
