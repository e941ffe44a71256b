// What ends by itself on the live page, and what a reader who is slow costs. With the usual times this would take minutes.
import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, beforeEach, type TestContext, test } from 'node:test'
import { createPages } from '../src/server/http.ts'
import { createLive } from '../src/server/live.ts'
import { livePage } from '../src/server/page.ts'
import { listen } from '../src/server/server.ts'
import { api, root, scratchFolder, until } from './helpers.ts'

const usual = { fault: 600_000, load: 600_000, unwatched: 600_000, turn: 600_000 }
const ends = { ...usual }
beforeEach(() => Object.assign(ends, usual))

const target = await api({ after })
const record = join(scratchFolder({ after }), 'session.db')
const { signal: stop } = new AbortController()
const live = createLive({ target, slo: join(root, 'slo.json'), record, stop, ends })
const pages = createPages(live.state, livePage(live, 'token'))
await listen(pages, { host: '127.0.0.1', port: 0 })
after(async () => {
  pages.close()
  pages.closeAllConnections()
  await live.close()
})
const { port } = pages.address() as AddressInfo
const origin = `http://127.0.0.1:${port}`
const load = { do: 'load', load: { rate: 50, arrivals: 'even', writes: 0.15, clients: 'patient' } }
const lock = { do: 'break', kind: 'lock' }

/** An open page that reads all it is sent. */
async function opened(t: TestContext) {
  const closed = new AbortController()
  const close = async () => {
    const before = live.events.count()
    closed.abort()
    await until('it is noticed', () => live.events.count() < before)
  }
  t.after(() => closed.abort())
  const { body } = await fetch(`${origin}/events`, { signal: closed.signal })
  let [text, number] = ['', 0]
  const reading = body?.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({
      write(part) {
        text = (text + part).slice(-50_000)
        number ||= Number(/"page":(\d+)/.exec(text)?.[1] ?? 0)
      },
    }),
  )
  reading?.catch(() => {})
  await until('it is welcome', () => number)
  async function act(what: object) {
    const headers = { origin, 'content-type': 'application/json', 'x-lab-token': 'token' }
    const body = JSON.stringify({ page: number, ...what })
    return (await fetch(`${origin}/act`, { method: 'POST', headers, body })).status
  }
  /** The states that it was told; what lasts a moment may be over when a busy machine looks. */
  const states = () => [...text.matchAll(/event: state\ndata: (.+)\n\n/g)].map(([, data = '']) => JSON.parse(data))
  const state = () => states().at(-1) ?? {}
  const seconds = () => [...text.matchAll(/event: second\n/g)].length
  return { number, act, states, state, seconds, close }
}

test('the turn of a page that does nothing ends, and the others are told', async (t) => {
  ends.turn = 500
  const [first, second] = [await opened(t), await opened(t)]
  assert.equal(await first.act({ ...load, load: { ...load.load, rate: 0 } }), 200)
  await until('the other is told who acts', () => second.states().some(({ actor }) => actor === first.number))
  assert.equal(await second.act({ do: 'mend' }), 409)
  await until('the other is told that none acts', () => second.state().actor === null)
  assert.equal(await second.act({ do: 'mend' }), 200)
})

test('a load that is still beginning can be ended', async () => {
  const older = live.load.set({ arrivals: 'even', writes: 0.15, clients: 'patient', rate: 20 })
  await live.load.end('')
  await older
  assert.equal(live.state().rate, 0)
})

test('a load and a fault end by themselves', async (t) => {
  Object.assign(ends, { load: 1_000, fault: 500 })
  const page = await opened(t)
  assert.equal(await page.act(load), 200)
  await until('the load is told', () => page.states().some(({ rate }) => rate === 50))
  await until('the load is over', () => page.state().rate === 0)
  assert.equal(await page.act(lock), 200)
  await until('the fault is told', () => page.states().some(({ fault }) => fault?.kind === 'lock'))
  await until('the fault is over', () => page.state().fault === null)
})

test('both end when the last page is closed, not before', async (t) => {
  ends.unwatched = 300
  const [first, last] = [await opened(t), await opened(t)]
  assert.equal(await first.act(load), 200)
  assert.equal(await first.act(lock), 200)
  await first.close()
  // Longer than the grace, by the clock of the page.
  const seconds = last.seconds()
  await until('two more seconds are told', () => last.seconds() >= seconds + 2)
  assert.ok(live.state().rate > 0 && live.state().fault)
  await last.close()
  await until('both are over', () => live.state().rate === 0 && live.state().fault === null)
})

test('a page that reads nothing misses what may be missed, then is cut off; the others stay', async (t) => {
  await opened(t)
  const slow = connect(port, '127.0.0.1')
  t.after(() => slow.destroy())
  slow.write('GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  await until('both are open', () => live.events.count() === 2)
  const data = { more: 'x'.repeat(200_000) }
  // More than the buffers of the system hold.
  for (let i = 0; i < 200; i++) {
    live.events.send('tick', data, { mayMiss: true })
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal(live.events.count(), 2)
  const send = () => {
    live.events.send('more', data)
    return live.events.count() === 1
  }
  await until('it is cut off', send)
})
