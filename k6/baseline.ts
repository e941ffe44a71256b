// An ordinary day: does the API meet the goal `baseline` of slo.json at its rate?
import { goals, length, steady } from './load.ts'
import { judged } from './summary.ts'

const goal = goals.baseline
const load = steady('baseline', goal.rate, length(goal.duration_seconds))

export { request as default, setup } from './api.ts'
export const { options, handleSummary } = judged('baseline', goal, load)
