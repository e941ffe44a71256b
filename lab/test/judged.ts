import type { TestContext } from 'node:test'

/**
 * Plays a run that is judged. INVALID means that this machine was too busy: it is played once more, and then the test is
 * skipped with that reason and undefined is returned. It never counts as PASS.
 */
export async function judged<Run extends { verdict: string }>(
  t: Pick<TestContext, 'skip' | 'diagnostic'>,
  play: () => Promise<Run>,
): Promise<Run | undefined> {
  for (const attempt of ['first', 'second']) {
    const run = await play()
    if (run.verdict !== 'INVALID') return run
    t.diagnostic(`INVALID at the ${attempt} attempt`)
  }
  t.skip('INVALID twice: this machine is too busy for a verdict')
  return undefined
}
