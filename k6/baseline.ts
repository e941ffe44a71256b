// An ordinary day: does the API meet the goal `baseline` of slo.json at its rate?
import { goals, length, steady } from './load.ts'
import { judged } from './summary.ts'

const goal = goals.baseline

export { request as default, setup } from './api.ts'
export const { options, handleSummary } = judged('baseline', goal, steady(goal.rate, length(goal.duration_seconds)))
