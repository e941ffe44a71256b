// The busiest hour: does the API meet the goal `peak` of slo.json at its rate?
import { goals, length, steady } from './load.ts'
import { judged } from './summary.ts'

const goal = goals.peak
const load = steady('peak', goal.rate, length(goal.duration_seconds))

export { request as default, setup } from './api.ts'
export const { options, handleSummary } = judged('peak', goal, load)
