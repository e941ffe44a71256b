import type { TestContext } from 'node:test'
import { startOwnLoad } from '../src/load/load.ts'
import type { Experiment } from '../src/runner/experiment.ts'
import { type Judgement, judge } from '../src/runner/judge.ts'
import { play } from '../src/runner/play.ts'
import type { Run } from '../src/runner/run.ts'
import type { Slo } from '../src/slo.ts'
import type { Target } from '../src/targets/target.ts'

/** A run that was judged: `missed` holds the measures of the expectations that were not met. */
export type Played = Judgement & { run: Run; missed: string[] }

export async function playOn(target: Target, experiment: Experiment, slo: Slo): Promise<Played> {
  const run = await play(experiment, target, startOwnLoad, new AbortController().signal)
  const judgement = judge(run, experiment, slo)
  const missed = judgement.expectations.flatMap(({ met, measure }) => (met || !measure ? [] : [measure]))
  return { run, missed, ...judgement }
}

/**
 * A run that proves something. An INVALID one is played once more; if the machine is too busy for that one too, the test
 * is skipped with the reason, and undefined is returned.
 */
export async function conclusive<R extends { verdict?: string; reasons?: string[] }>(
  t: Pick<TestContext, 'skip'>,
  playIt: () => Promise<R>,
): Promise<R | undefined> {
  const first = await playIt()
  const played = first.verdict === 'INVALID' ? await playIt() : first
  if (played.verdict !== 'INVALID') return played
  t.skip(`INVALID twice: ${played.reasons?.join(' ') || 'this machine is too busy for a verdict'}`)
  return undefined
}
