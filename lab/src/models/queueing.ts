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

/** The knee: the utilisation at which a request waits as long as it is served. M/D/1: two thirds; M/M/1: one half. */
export function knee({ mean, variance }: ServiceTime): number {
  return 2 / (3 + variance / mean ** 2)
}

/**
 * Mean wait of these very arrivals (in order, in seconds) by Lindley's recursion, at a server that needs `first` seconds for
 * one that finds it idle (it has to wake up: P. D. Welch, "On a Generalized M/G/1 Queuing Process in Which the First
 * Customer of Each Busy Period Receives Exceptional Service", Operations Research 12(5), 1964) and `next` for one that
 * waited. The formulas are about all that could arrive at a rate; a few hundred random arrivals wait half or twice as long by
 * chance.
 */
export function meanWaitOf(arrivals: number[], first: number, next = first): number {
  let [free, sum] = [0, 0]
  for (const moment of arrivals) {
    const wait = Math.max(0, free - moment)
    sum += wait
    free = moment + wait + (wait > 0 ? next : first)
  }
  return sum / arrivals.length
}
