import type { Slo } from '../slo.ts'
import type { ApiLog } from './api-log.ts'
import { goalExpectations, loadDoubts } from './judge-load.ts'
import { outageExpectations } from './judge-outage.ts'
import type { Run } from './run.ts'

/** One row of the table. `value` and `limit` are the numbers behind the words, where there are such. */
export type Expectation = {
  phase: string
  what: string
  measured: string
  met: boolean
  value?: number
  limit?: number
}

export type Judgement = { verdict: 'PASS' | 'FAIL' | 'INVALID'; reasons: string[]; expectations: Expectation[] }

/** What a part of the judging found: rows for the table, and doubts whether the run proves anything. */
export type Findings = { expectations: Expectation[]; doubts: string[] }

/** PASS: all as expected. FAIL: something was not. INVALID: the run proves neither, and why. */
export function judge(run: Run, slo: Slo, log: ApiLog): Judgement {
  const parts: Findings[] = []
  run.played.forEach((played, i) => {
    const { phase } = played
    if (phase.kind !== 'warm-up') parts.push({ expectations: [], doubts: loadDoubts(run, played, slo) })
    if (phase.goal) parts.push(goalExpectations(run, played, slo.goals[phase.goal]))
    if (phase.fault) parts.push(outageExpectations(run, played, run.played[i + 1], slo.outage, log))
  })
  const expectations = [...parts.flatMap((part) => part.expectations), notesLost(run)]
  const doubts = parts.flatMap((part) => part.doubts)
  const failed = expectations
    .filter((one) => !one.met)
    .map((one) => `Not met: ${one.phase}: ${one.what}: measured ${one.measured}`)

  // A system that dies under the load has failed, whatever else could not be measured any more.
  if (run.died) return { verdict: 'FAIL', reasons: [`The API ended by itself, ${run.died}.`, ...failed], expectations }
  if (doubts.length > 0) return { verdict: 'INVALID', reasons: [...doubts, ...failed], expectations }
  return { verdict: failed.length > 0 ? 'FAIL' : 'PASS', reasons: failed, expectations }
}

function notesLost({ acknowledged, lost }: Run): Expectation {
  const measured = lost ? `${lost.length} of ${acknowledged}` : 'could not be read back'
  return {
    phase: 'the whole run',
    what: 'acknowledged notes lost: 0',
    measured,
    met: lost?.length === 0,
    value: lost?.length,
    limit: 0,
  }
}
