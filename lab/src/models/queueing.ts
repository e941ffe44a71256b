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

/** Exponentially distributed service: the second M of M/M/1. */
export function exponential(mean: number): ServiceTime {
  return { mean, variance: mean ** 2 }
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

/** Mean time from arrival to answer: wait and service. */
export function meanTimeInSystem(rate: number, service: ServiceTime): number {
  return meanWait(rate, service) + service.mean
}

/** Mean number of requests in the system, waiting or served, by Little's law. */
export function meanInSystem(rate: number, service: ServiceTime): number {
  return rate * meanTimeInSystem(rate, service)
}

/**
 * The rate at which the mean time in system reaches `seconds`: the inverse of meanTimeInSystem. 0 if one service alone
 * takes longer.
 */
export function rateAt(seconds: number, service: ServiceTime): number {
  const wait = Math.max(0, seconds - service.mean)
  // wait = λm / 2(1 - λS) with m = E[S²], solved for λ.
  return (2 * wait) / (service.variance + service.mean ** 2 + 2 * wait * service.mean)
}

/**
 * The knee: the rate at which a request waits on average as long as it is served, so that its time in system has
 * doubled. The curve has no corner, so a definition has to be chosen: this one needs no latency goal, does not depend
 * on units, and from here on waiting is the larger part. Utilisation 2/3 for constant service, 1/2 for exponential.
 */
export function knee(service: ServiceTime): number {
  return rateAt(2 * service.mean, service)
}

/**
 * Little's law, L = λW, as a check of three numbers that were measured independently over one window: expected L, and
 * by what share of it the measured L deviates. It needs no assumption about arrivals, service or order, only that the
 * window is long against W and that the number in the system is about the same at both ends; so a deviation tells of a
 * wrong measurement.
 */
export function checkLittle(inSystem: number, rate: number, seconds: number): { expected: number; deviation: number } {
  const expected = rate * seconds
  return { expected, deviation: (inSystem - expected) / expected }
}
