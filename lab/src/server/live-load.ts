import { ask, connect, type Session } from '../api-client.ts'
import { type ClientPolicy, policies } from '../load/client-policy.ts'
import { count } from '../load/figures.ts'
import { followRequests, type Met } from '../load/follow.ts'
import { startMix } from '../load/load.ts'
import { requestAt, usualWrites } from '../load/mix.ts'
import { type ArrivalProcess, openLoop, type Request } from '../load/open-loop.ts'
import type { Story } from './story.ts'

const { none, ...retrying } = policies(1_000)
const clients: Record<string, ClientPolicy | undefined> = { patient: undefined, impatient: none, ...retrying }
export const clientNames = Object.keys(clients)

/** What a visitor sets. `writes`: the share of the requests that write. `clients`: what they do when an answer is late or fails. */
type Knobs = { rate: number; arrivals: ArrivalProcess; writes: number; clients: string }

// The slider goes beyond what the API can do on any usual machine.
export const mostPerSecond = 10_000
/** So many requests wait at most; what is due meanwhile is not sent, and counts as failed. */
const mostWaiting = 5_000
export const off: Knobs = { rate: 0, arrivals: 'even', writes: usualWrites, clients: 'patient' }

// A slider that is moved sets many loads: the last one is told.
const toldMs = 800

/** `ends`: after so many milliseconds a load ends by itself. `changed` is called when another load holds. */
type Options = { session: Session; ends: { load: number }; story: Story; changed: () => void }

/** The lab's open load with knobs. */
export function createLiveLoad({ session, ends, story, changed }: Options) {
  // As many connections as the load of an experiment has.
  const pool = connect(session.url, 128, 10_000)
  let [knobs, newest, token, ids, number] = [off, off, '', [] as string[], 0]
  let over: NodeJS.Timeout | undefined
  let told: NodeJS.Timeout | undefined

  function next(): Request {
    const { kind, method, path, note } = requestAt(number++, ids, knobs.writes)
    return { kind, send: (signal, headers) => ask(pool, { method, path, token, body: note, headers, signal }) }
  }
  const { follow, takeSeen } = followRequests()
  const loop = openLoop({ next: follow(next), maxInFlight: mostWaiting })

  /** Changes the load from now on. */
  async function set(wanted: Knobs, why = ''): Promise<void> {
    newest = wanted
    if (wanted.rate > 0) {
      token = await session.token()
      if (ids.length === 0) ids = [...(await startMix(pool, token)).acknowledged.keys()]
    }
    // The first load waits for its notes: a newer one may hold by now.
    if (wanted !== newest) return
    knobs = wanted
    loop.setRate(knobs.rate, { arrivals: knobs.arrivals, clients: clients[knobs.clients] })
    clearTimeout(over)
    if (knobs.rate > 0) over = setTimeout(end, ends.load, ' by itself')
    clearTimeout(told)
    told = setTimeout((at) => story.tell(loadWords(wanted) + why, 'plain', undefined, at), toldMs, Date.now())
    changed()
  }

  /** Ends it, also one that is still beginning. */
  async function end(why: string): Promise<void> {
    if (newest.rate > 0) await set({ ...knobs, rate: 0 }, why)
  }

  /** What the clients met since the last call. */
  function drain(): Met {
    return { calls: loop.results.splice(0), dropped: loop.dropped.splice(0).length, ...takeSeen() }
  }
  /** Ends everything at once: arrivals that went on would keep the process alive. */
  function stop(): Promise<void> {
    clearTimeout(over)
    clearTimeout(told)
    loop.setRate(0)
    return pool.destroy()
  }
  return { knobs: () => knobs, set, end, drain, stop }
}

/** The load that was set, in words. */
function loadWords({ rate, arrivals, writes, clients }: Knobs): string {
  if (rate === 0) return 'The load ends'
  const spaced = arrivals === 'even' ? 'evenly spaced' : 'at random (Poisson)'
  return `Load: ${count(rate)} requests/s, ${spaced}, ${Math.round(100 * writes)} % write, ${clients} clients`
}
