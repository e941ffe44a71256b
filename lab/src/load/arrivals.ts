/** How arrivals are spaced: `even` as by a metronome, `poisson` at random, as independent users arrive. */
export type ArrivalProcess = 'even' | 'poisson'

/**
 * The moments at which requests are due, in milliseconds, without end; the first of even ones is `startMs` itself.
 * `perSecond` is above 0. Even arrivals hardly queue below full utilisation; the theory in models/ is about Poisson
 * arrivals, whose gaps are independent and exponentially distributed. The exponential distribution has no memory, so at
 * a change of the rate the caller begins a new generator there, on the same `random`, and is still exact.
 */
export function* arrivals(
  process: ArrivalProcess,
  perSecond: number,
  startMs: number,
  random: () => number,
): Generator<number, never> {
  const meanGapMs = 1000 / perSecond
  if (process === 'even') for (let count = 0; ; count++) yield startMs + count * meanGapMs
  // Inverse transform: 1 - random() is never 0, so the logarithm is finite.
  for (let due = startMs; ; ) {
    due -= meanGapMs * Math.log(1 - random())
    yield due
  }
}

/** Tommy Ettinger's mulberry32: numbers in [0, 1) from a 32-bit seed; the same seed gives the same run. */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
