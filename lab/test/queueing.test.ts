import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrivals, seededRandom } from '../src/load/arrivals.ts'
import {
  checkLittle,
  constant,
  exponential,
  knee,
  meanInSystem,
  meanTimeInSystem,
  meanWait,
  measured,
  rateAt,
  type ServiceTime,
  utilisation,
} from '../src/models/queueing.ts'

function near(actual: number, expected: number, tolerance = 1e-9) {
  assert.ok(Math.abs(actual - expected) <= tolerance * Math.abs(expected), `${actual} is not ${expected}`)
}

// R. Bronson, Schaum's Outline of Operations Research, 1982.
test('M/M/1: problems 23.3, 23.14 and 23.16 of Bronson', () => {
  // 24 arrivals an hour, 30 an hour can be served: 4 in the system, 1/6 h in it, idle for 0.2 of the time.
  near(meanInSystem(24, exponential(1 / 30)), 4)
  near(meanTimeInSystem(24, exponential(1 / 30)), 1 / 6)
  near(1 - utilisation(24, exponential(1 / 30)), 0.2)
  // 30 an hour, 1.5 minutes each: a wait of 4.5 minutes.
  near(60 * meanWait(30, exponential(1.5 / 60)), 4.5)
  // One a minute, 45 s each: a wait of 2.25 minutes, 3 minutes in all.
  near(meanWait(1, exponential(45 / 60)), 2.25)
  near(meanTimeInSystem(1, exponential(45 / 60)), 3)
})

// B. Render, R. Stair, Quantitative Analysis for Management, chapter on waiting lines.
test('M/D/1: 8 trucks an hour arrive at the recycling firm Garcia-Golding, 12 can be served', () => {
  near(60 * meanWait(8, constant(1 / 12)), 5)
})

// J. Smith, D. Sturrock, W. D. Kelton, Simio and Simulation, chapter 2, problem 2.
test('M/G/1: uniform service from 0.1 to 1.9 minutes, an arrival every 1.25', () => {
  const service = { mean: 1, variance: (1.9 - 0.1) ** 2 / 12 }
  near(meanWait(0.8, service), 2.54)
  near(meanTimeInSystem(0.8, service), 3.54)
  near(meanInSystem(0.8, service), 2.832)
})

test('constant service waits half as long as exponential, and from full utilisation on the wait is infinite', () => {
  near(meanWait(40, constant(0.02)), meanWait(40, exponential(0.02)) / 2)
  assert.equal(meanWait(50, constant(0.02)), Number.POSITIVE_INFINITY)
  assert.equal(meanWait(60, constant(0.02)), Number.POSITIVE_INFINITY)
  assert.equal(meanWait(0, constant(0.02)), 0)
})

test('the knee: utilisation 2/3 for constant service, 1/2 for exponential; rateAt inverts the time in system', () => {
  near(utilisation(knee(constant(0.02)), constant(0.02)), 2 / 3)
  near(utilisation(knee(exponential(0.02)), exponential(0.02)), 1 / 2)
  const service = { mean: 0.02, variance: 0.0001 }
  near(meanTimeInSystem(rateAt(0.3, service), service), 0.3)
  assert.equal(rateAt(0.02, service), 0)
})

test('measured service times: mean and sample variance', () => {
  assert.deepEqual(measured([1, 2, 3, 4]), { mean: 2.5, variance: 5 / 3 })
})

test("Little's law: the deviation is the share by which the measured number is off", () => {
  assert.deepEqual(checkLittle(10, 100, 0.1), { expected: 10, deviation: 0 })
  near(checkLittle(12, 100, 0.1).deviation, 0.2)
  near(checkLittle(9, 100, 0.1).deviation, -0.1)
})

/** One server, first come first served. The seed fixes every number: the result is the same everywhere. */
function simulate(rate: number, serviceOf: () => number, requests: number) {
  let free = 0
  let wait = 0
  let inSystem = 0
  let last = 0
  const dues = arrivals('poisson', rate, 0, seededRandom(7))
  for (let i = 0; i < requests; i++) {
    const due = dues.next().value / 1000
    const start = Math.max(due, free)
    free = start + serviceOf()
    wait += start - due
    inSystem += free - due
    last = due
  }
  return { wait: wait / requests, timeInSystem: inSystem / requests, inSystem: inSystem / last, rate: requests / last }
}

test('a simulated queue agrees with the formulas within 5 % up to 80 % utilisation', () => {
  const random = seededRandom(11)
  const mean = 0.02
  const services: [ServiceTime, () => number][] = [
    [constant(mean), () => mean],
    [exponential(mean), () => -mean * Math.log(1 - random())],
    [{ mean, variance: (2 * mean) ** 2 / 12 }, () => 2 * mean * random()],
  ]
  for (const [service, serviceOf] of services) {
    for (const busy of [0.3, 0.6, 0.8]) {
      const seen = simulate(busy / mean, serviceOf, 200_000)
      near(seen.wait, meanWait(busy / mean, service), 0.05)
      assert.ok(Math.abs(checkLittle(seen.inSystem, seen.rate, seen.timeInSystem).deviation) < 1e-9)
    }
  }
})
