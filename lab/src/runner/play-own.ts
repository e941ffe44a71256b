import { type Capacity, measureCapacity } from '../load/capacity.ts'
import { type EmbeddedOptions, withEmbedded } from '../targets/embedded.ts'
import type { Target } from '../targets/target.ts'
import type { Experiment } from './experiment.ts'
import type { Run } from './run.ts'
import { say, wrap } from './screen.ts'

// Runs on an API that the lab starts for them.

/**
 * What the API can do at most, on one of its own, where an experiment asks for it: its loads follow from that. `factor`: the
 * length of the run against its full length.
 */
export async function capacityFor(
  { capacity: of, settings }: Pick<Experiment, 'capacity' | 'settings'>,
  factor: number,
  stop: AbortSignal,
): Promise<Capacity | undefined> {
  if (of === undefined) return undefined
  const seconds = Math.min(9, Math.max(2, Math.round(9 * factor)))
  const capacity = await withEmbedded({ settings }, (target) => measureCapacity(target, of, stop, seconds))
  const figure = `${capacity.perSecond.toFixed(1)} ${of} requests a second`
  say(wrap(`\nCapacity: this API serves at most ${figure} here. All loads are relative to that.`))
  return capacity
}

/** Plays on an API of its own; what that can do is measured again at the end, since a machine is not always equally fast. */
export async function playOwn(
  options: EmbeddedOptions,
  capacity: Capacity | undefined,
  stop: AbortSignal,
  playOn: (target: Target) => Promise<Run>,
): Promise<{ run: Run; target: Target }> {
  return withEmbedded(options, async (target) => {
    const run = await playOn(target)
    if (capacity) {
      const { of, seconds } = capacity
      const after = run.died ? undefined : await measureCapacity(target, of, stop, seconds).catch(() => undefined)
      stop.throwIfAborted()
      run.capacity = { ...capacity, after: after?.perSecond }
    }
    return { run, target }
  })
}
