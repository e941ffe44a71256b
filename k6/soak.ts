// An ordinary day for a long time: does anything fill up, leak or slow down? Watch memory and p95 in Grafana meanwhile.
import { goals, length, steady } from './load.ts'
import { judged } from './summary.ts'

export { request as default, setup } from './api.ts'
export const { options, handleSummary } = judged('soak', goals.baseline, steady(goals.baseline.rate, length(15 * 60)))
