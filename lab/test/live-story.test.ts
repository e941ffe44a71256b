import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../src/clock.ts'
import { followRequests } from '../src/load/follow.ts'
import { createStory } from '../src/server/story.ts'

const goal = { rate: 300, latency_ms: 200 }
const answers = { offered: 50, good: 50, failed: 0, abandoned: 0, p95: 5, lag: 1, statuses: {} }
const calm = { ...answers, busy: 0.2, fault: null as string | null, goal }
const refused = { good: 0, failed: 50, statuses: { 503: 50 } }

/** A story of some seconds that differ from a calm one; `told` are its lines about p95, and so on. */
function tellAll() {
  const story = createStory(() => {})
  let at = Date.now()
  function watch(times: number, change: Partial<typeof calm> | object = {}) {
    for (let i = 0; i < times; i++) {
      at += 1_000
      story.watch({ ...calm, ...change, at })
    }
  }
  const lines = (start: string) => story.lines.filter(({ text }) => text.startsWith(start))
  const mend = () => story.fault('lock', 'over', at)
  return { watch, lines, mend, restart: story.restart }
}

test('quick refusals do not meet the goal: p95 is good again only when requests are served', () => {
  const { watch, lines } = tellAll()
  watch(4, { p95: 900 })
  watch(6, { ...refused, p95: 3 })
  assert.deepEqual(
    lines('p95').map(({ tone }) => tone),
    ['bad'],
  )
  watch(4)
  assert.deepEqual(
    lines('p95').map(({ tone }) => tone),
    ['bad', 'good'],
  )
})

test('slow answers have the reason that was seen: a fault, a full thread, or none', () => {
  const reason = (change: object) => {
    const { watch, lines } = tellAll()
    watch(4, { p95: 900, ...change })
    return lines('p95')[0]?.why
  }
  const [broken, crowded] = [reason({ fault: 'lock', busy: 1 }), reason({ busy: 1 })]
  assert.ok(broken && crowded && broken !== crowded)
  assert.equal(reason({}), undefined)
  assert.equal(reason({ busy: 1, lag: 60 }), undefined)
})

test('logins alone have no goal, so none of them is called too slow', () => {
  const { watch, lines } = tellAll()
  watch(4, { p95: 900, goal: null })
  assert.deepEqual(lines('p95'), [])
})

test('a full thread is called the capacity only while the load is on time and nothing is broken', () => {
  const isCapacity = (change: object) => {
    const { watch, lines } = tellAll()
    watch(4, { busy: 1, ...change })
    return Boolean(lines('The API')[0]?.why?.includes('capacity'))
  }
  assert.equal(isCapacity({}), true)
  assert.equal(isCapacity({ lag: 60 }), false)
  assert.equal(isCapacity({ fault: 'lock' }), false)
})

test('a load that becomes late later corrects what was said about the capacity', () => {
  const { watch, lines } = tellAll()
  watch(4, { busy: 1 })
  watch(4, { busy: 1, lag: 300 })
  assert.match(lines('The load itself')[0]?.why ?? '', /not its capacity/)
})

test('goodput is back once for a fault, also when requests fail now and then, and its time is that of the first second', () => {
  const { watch, lines, mend } = tellAll()
  watch(3, { ...refused, fault: 'lock' })
  mend()
  for (let i = 0; i < 3; i++) {
    watch(1)
    watch(1, refused)
  }
  watch(8)
  watch(2, refused)
  watch(4)
  const back = lines('Goodput is back').map(({ text }) => text)
  assert.equal(back.length, 2)
  assert.equal(back.filter((text) => text.includes('after the end of the fault')).length, 1)
  assert.match(back[0] ?? '', / 7 s /)
})

test('the trouble of one API does not end on another one', () => {
  const { watch, lines, restart } = tellAll()
  watch(3, refused)
  restart()
  watch(6)
  assert.deepEqual(lines('Goodput is back'), [])
})

test('an answer that comes when its client has left is too late', async () => {
  const { follow, takeSeen, setPatience } = followRequests()
  const request = follow(() => ({ kind: 'read', send: () => sleep(40).then(() => ({ status: 200 })) }))
  const { signal } = new AbortController()
  await request(0).send(signal)
  setPatience(5)
  // Each is of another 40th of a second, so both are in the sample.
  await request(0).send(signal)
  assert.deepEqual(
    takeSeen().sample.done.map(({ isLate }) => isLate),
    [undefined, true],
  )
})
