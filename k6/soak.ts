// An ordinary day for a long time: does anything fill up, leak or slow down? Watch memory and p95 in Grafana meanwhile.
import { goals, length, steady } from './load.ts'
import { judged } from './summary.ts'

const goal = goals.baseline
const load = steady('soak', goal.rate, length(15 * 60))

export { request as default, setup } from './api.ts'
export const { options, handleSummary } = judged('soak', goal, load)
