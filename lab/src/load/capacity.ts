import { connect, logIn } from '../api-client.ts'
import { now, sleep } from '../clock.ts'
import { measured, type ServiceTime } from '../models/queueing.ts'
import { isSuccess, quantile, sorted } from './figures.ts'
import { type LoadTarget, loginOf, startMix } from './load.ts'
import type { Request } from './open-loop.ts'

/** `perSecond`: the most that the API answers; `alone`: seconds that one request takes when no other is under way. */
export type Capacity = { of: 'login' | 'data'; perSecond: number; alone: ServiceTime }

/** Enough requests at a time to keep the API busy, few enough for their answers to be prompt. */
const atATime = 16

/** So many parts of a measurement are counted one by one: their median is the capacity. */
const parts = 9

/**
 * Measures in a closed loop what an API can do at most, for some seconds, after one second to get warm. The median of the
 * seconds: moments in which the machine was busy with something else do not count, if they are the fewer ones.
 */
export async function measureCapacity(target: LoadTarget, of: Capacity['of'], seconds = parts): Promise<Capacity> {
  await using started = new AsyncDisposableStack()
  const pool = started.adopt(connect(target.url, atATime, 10_000), (pool) => pool.destroy())
  const token = await logIn(pool, target.url, target.username, target.password)
  const login = loginOf(pool, target)
  const next = of === 'login' ? () => login : (await startMix(pool, token)).next
  await closedLoop(next, atATime, 1)
  const alone = await closedLoop(next, 1, seconds / 3)
  const begin = now()
  const busy = await closedLoop(next, atATime, seconds)
  const part = seconds / parts
  const inPart = Array.from({ length: parts }, (_, i) => {
    const from = begin + 1000 * part * i
    return busy.filter(({ done }) => done >= from && done < from + 1000 * part).length
  })
  const took = alone.map(({ sent, done }) => (done - sent) / 1000)
  return { of, perSecond: quantile(sorted(inPart), 0.5) / part, alone: measured(took) }
}

/** So many clients, each sends when its last request was answered. Returns the good answers. */
async function closedLoop(next: () => Request, clients: number, seconds: number) {
  const good: { sent: number; done: number }[] = []
  const until = now() + seconds * 1000
  const { signal } = new AbortController()
  async function client(): Promise<void> {
    while (now() < until) {
      const sent = now()
      const isGood = isSuccess(await next().send(signal))
      const done = now()
      if (isGood && done < until) good.push({ sent, done })
      else if (!isGood) await sleep(10)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  return good
}
