import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrivals, seededRandom } from '../src/load/open-loop.ts'

function gapsOf(count: number, rate: number, seed: number): number[] {
  const dues = arrivals('poisson', rate, 1000, seededRandom(seed))
  const moments = [1000, ...Array.from({ length: count }, () => dues.next().value)]
  return moments.slice(1).map((due, i) => due - (moments[i] ?? 0))
}

test('mulberry32 gives the sequence of its published algorithm', () => {
  const random = seededRandom(1)
  assert.deepEqual([random(), random(), random()], [0.6270739405881613, 0.002735721180215478, 0.5274470399599522])
})

test('even arrivals are exactly one gap apart and begin at the start', () => {
  const dues = arrivals('even', 200, 1000, seededRandom(1))
  assert.deepEqual(
    Array.from({ length: 4 }, () => dues.next().value),
    [1000, 1005, 1010, 1015],
  )
})

test('the first Poisson arrivals of a seed are known numbers', () => {
  const gaps = gapsOf(3, 100, 1)
  assert.deepEqual(
    gaps.map((gap) => gap.toFixed(6)),
    ['9.863751', '0.027395', '7.496055'],
  )
})

// A fixed seed: the numbers are the same in every run, so narrow bounds cannot fail by chance.
test('Poisson gaps are exponential: mean, variance and the shares beyond one and two means', () => {
  const gaps = gapsOf(100_000, 50, 3)
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length
  assert.ok(Math.abs(mean / 20 - 1) < 0.01, `mean ${mean}`)
  assert.ok(Math.abs(variance / 400 - 1) < 0.02, `variance ${variance}`)
  for (const times of [1, 2]) {
    const beyond = gaps.filter((gap) => gap > times * 20).length / gaps.length
    assert.ok(Math.abs(beyond / Math.exp(-times) - 1) < 0.02, `${beyond} beyond ${times} means`)
  }
})

test('counts per second have a variance as large as their mean, and one seed gives one sequence', () => {
  const counts = new Array<number>(2_000).fill(0)
  for (const due of arrivals('poisson', 30, 0, seededRandom(5))) {
    const second = Math.floor(due / 1000)
    if (second >= counts.length) break
    counts[second] = (counts[second] ?? 0) + 1
  }
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
  const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length
  assert.ok(Math.abs(mean - 30) < 0.3, `mean ${mean}`)
  assert.ok(Math.abs(variance / mean - 1) < 0.1, `variance ${variance}`)
  assert.deepEqual(gapsOf(20, 30, 5), gapsOf(20, 30, 5))
  assert.notDeepEqual(gapsOf(20, 30, 5), gapsOf(20, 30, 6))
})

test('a change of the rate: the next generator goes on with the same random numbers', () => {
  const random = seededRandom(9)
  const before = arrivals('poisson', 10, 0, random)
  const last = [before.next().value, before.next().value][1] ?? 0
  const after = arrivals('poisson', 1000, 5_000, random)
  const first = after.next().value
  assert.ok(last > 0 && first > 5_000)
  const same = seededRandom(9)
  same()
  same()
  assert.equal(first, 5_000 - Math.log(1 - same()))
})
