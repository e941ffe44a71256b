/**
 * Formulas for one server, first come first served, whose arrivals are Poisson (random, at a constant mean rate). Rates
 * are per second, times are seconds, means are those of the steady state. Sources: J. D. C. Little, "A Proof for the
 * Queuing Formula: L = λW", Operations Research 9(3), 1961; L. Kleinrock, "Queueing Systems, Volume 1: Theory", 1975,
 * sections 3.2 (M/M/1) and 5.6 (M/G/1).
 */

/** How long one request keeps the server busy. Variance 0: always as long (M/D/1); mean²: exponential (M/M/1). */
export type ServiceTime = { mean: number; variance: number }

/** Service that always takes as long: the D of M/D/1. A password hash comes close. */
export function constant(mean: number): ServiceTime {
  return { mean, variance: 0 }
}

/** Mean and variance of measured service times: the G of M/G/1. */
export function measured(seconds: number[]): ServiceTime {
  const mean = seconds.reduce((sum, one) => sum + one, 0) / seconds.length
  return { mean, variance: seconds.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (seconds.length - 1) }
}

/** Share of the time in which the server is busy (ρ = λS). From 1 on the queue grows without end. */
export function utilisation(rate: number, service: ServiceTime): number {
  return rate * service.mean
}

/** Mean wait before service, by Pollaczek and Khinchine: λ E[S²] / 2(1 - ρ). Infinite from utilisation 1 on. */
export function meanWait(rate: number, service: ServiceTime): number {
  const busy = utilisation(rate, service)
  if (busy >= 1) return Number.POSITIVE_INFINITY
  return (rate * (service.variance + service.mean ** 2)) / (2 * (1 - busy))
}

/**
 * Mean wait of these very arrivals (in order, in seconds) at a server that needs as long for each: Lindley's recursion. The
 * formulas are about all that could arrive at a rate; a few hundred random arrivals wait half or twice as long by chance.
 */
export function meanWaitOf(arrivals: number[], seconds: number): number {
  let [free, sum] = [0, 0]
  for (const moment of arrivals) {
    const begin = Math.max(moment, free)
    sum += begin - moment
    free = begin + seconds
  }
  return sum / arrivals.length
}
