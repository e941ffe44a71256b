import { type Capacity, measureCapacity } from '../load/capacity.ts'
import { type EmbeddedOptions, withEmbedded } from '../targets/embedded.ts'
import { openStack, type StackOptions, type Target } from '../targets/target.ts'
import type { Experiment } from './experiment.ts'
import type { Run } from './run.ts'
import { say, wrap } from './screen.ts'

/** A capacity, and how to measure the same again. */
export type MeasuredCapacity = Capacity & { again: () => Promise<Capacity> }

/** How many seconds it takes to measure a capacity. `factor`: the length of the run against its full length. */
export const measuringFor = (factor: number) => Math.min(10, Math.max(3, Math.round(10 * factor)))

/** What the API can do at most, on one of its own, where an experiment asks for it: its loads follow from that. */
export async function capacityFor(
  { capacity: of, settings }: Pick<Experiment, 'capacity' | 'settings'>,
  factor: number,
  stop: AbortSignal,
): Promise<MeasuredCapacity | undefined> {
  if (of === undefined) return undefined
  const seconds = measuringFor(factor)
  const again = () => withEmbedded({ settings }, (target) => measureCapacity(target, of, stop, seconds))
  const { perSecond } = await again()
  const figure = `${perSecond.toFixed(1)} ${of} requests a second`
  say(wrap(`\nCapacity: this API serves at most ${figure} here. All loads are relative to that.`))
  return { of, perSecond, again }
}

/**
 * Plays on the stack's API, or on one that the lab starts. What one with the settings of before can do is measured again at the
 * end, since a machine is not always equally fast.
 */
export async function playOn(
  where: StackOptions | EmbeddedOptions,
  capacity: MeasuredCapacity | undefined,
  stop: AbortSignal,
  playIt: (target: Target) => Promise<Run>,
): Promise<{ run: Run; target: Target }> {
  const on = async (target: Target) => ({ run: await playIt(target), target })
  const played = await ('url' in where ? on(openStack(where)) : withEmbedded(where, on))
  if (capacity === undefined) return played
  const { of, perSecond, again } = capacity
  const after = played.run.died ? undefined : await again().catch(() => undefined)
  stop.throwIfAborted()
  played.run.capacity = { of, perSecond, after: after?.perSecond }
  return played
}
