// Does everything work at all? A few requests a second, for seconds.
import { goals, length, steady } from './load.ts'
import { judged } from './summary.ts'

export { request as default, setup } from './api.ts'
export const { options, handleSummary } = judged('smoke', goals.baseline, steady('smoke', 5, length(10)))
