import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrivals, seededRandom } from '../src/load/open-loop.ts'
import {
  constant,
  knee,
  meanWait,
  meanWaitOf,
  measured,
  type ServiceTime,
  utilisation,
} from '../src/models/queueing.ts'

/** Exponentially distributed service: the second M of M/M/1. */
const exponential = (mean: number): ServiceTime => ({ mean, variance: mean ** 2 })

function near(actual: number, expected: number, tolerance = 1e-9) {
  assert.ok(Math.abs(actual - expected) <= tolerance * Math.abs(expected), `${actual} is not ${expected}`)
}

// R. Bronson, Schaum's Outline of Operations Research, 1982.
test('M/M/1: problems 23.3, 23.14 and 23.16 of Bronson', () => {
  near(1 - utilisation(24, exponential(1 / 30)), 0.2)
  // 30 an hour, 1.5 minutes each: a wait of 4.5 minutes.
  near(60 * meanWait(30, exponential(1.5 / 60)), 4.5)
  // One a minute, 45 s each: a wait of 2.25 minutes.
  near(meanWait(1, exponential(45 / 60)), 2.25)
})

// B. Render, R. Stair, Quantitative Analysis for Management, chapter on waiting lines.
test('M/D/1: 8 trucks an hour arrive at the recycling firm Garcia-Golding, 12 can be served', () => {
  near(60 * meanWait(8, constant(1 / 12)), 5)
})

// J. Smith, D. Sturrock, W. D. Kelton, Simio and Simulation, chapter 2, problem 2.
test('M/G/1: uniform service from 0.1 to 1.9 minutes, an arrival every 1.25', () => {
  const service = { mean: 1, variance: (1.9 - 0.1) ** 2 / 12 }
  near(meanWait(0.8, service), 2.54)
})

test('constant service waits half as long as exponential, and from full utilisation on the wait is infinite', () => {
  near(meanWait(40, constant(0.02)), meanWait(40, exponential(0.02)) / 2)
  assert.equal(meanWait(50, constant(0.02)), Number.POSITIVE_INFINITY)
  assert.equal(meanWait(60, constant(0.02)), Number.POSITIVE_INFINITY)
  assert.equal(meanWait(0, constant(0.02)), 0)
})

test('at the knee a request waits as long as it is served', () => {
  for (const service of [constant(0.02), exponential(0.02), { mean: 0.02, variance: 0.0001 }])
    near(meanWait(knee(service) / service.mean, service), service.mean)
})

test('measured service times: mean and sample variance', () => {
  assert.deepEqual(measured([1, 2, 3, 4]), { mean: 2.5, variance: 5 / 3 })
})

test('the wait of given arrivals, by hand: 0, 1 and 1 at a server that needs 2', () => {
  // The first begins at 0, the second waits from 1 to 2, the third from 1 to 4.
  near(meanWaitOf([0, 1, 1], 2), 4 / 3)
  assert.equal(meanWaitOf([0, 2, 10], 2), 0)
  // Who finds it idle takes 3: the second waits from 1 to 3, the third from 1 to 5.
  near(meanWaitOf([0, 1, 1], 3, 2), 6 / 3)
})

test('many random arrivals wait as long as the formula for constant service says, within 5 %', () => {
  for (const busy of [0.3, 0.6, 0.8]) {
    const dues = arrivals('poisson', busy / 0.02, 0, seededRandom(7))
    const moments = Array.from({ length: 200_000 }, () => dues.next().value / 1000)
    near(meanWaitOf(moments, 0.02), meanWait(busy / 0.02, constant(0.02)), 0.05)
  }
})
