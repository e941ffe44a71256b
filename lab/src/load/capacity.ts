import { connect, logIn } from '../api-client.ts'
import { now, sleep } from '../clock.ts'
import { isSuccess, quantile, sorted } from './figures.ts'
import { type LoadTarget, loginOf, startMix } from './load.ts'
import type { Request } from './open-loop.ts'

/** `perSecond`: the most that the API answers. */
export type Capacity = { of: 'login' | 'data'; perSecond: number }

/** Enough requests at a time to keep the API busy, few enough for their answers to be prompt. */
const atATime = 16

/**
 * Measures in a closed loop what an API can do at most. The first of the `seconds` warms it up. The median of the others: moments
 * in which the machine was busy with something else do not count, if they are the fewer ones.
 */
export async function measureCapacity(
  target: LoadTarget,
  of: Capacity['of'],
  stop: AbortSignal,
  seconds: number,
): Promise<Capacity> {
  await using started = new AsyncDisposableStack()
  const pool = started.adopt(connect(target.url, atATime, 10_000), (pool) => pool.destroy())
  const token = await logIn(pool, target.url, target.username, target.password)
  const login = loginOf(pool, target)
  const next = of === 'login' ? () => login : (await startMix(pool, token)).next
  const begin = now()
  const answered = await closedLoop(next, seconds, stop)
  const inSecond = Array.from({ length: seconds - 1 }, (_, i) => {
    return answered.filter((done) => done >= begin + 1000 * (i + 1) && done < begin + 1000 * (i + 2)).length
  })
  return { of, perSecond: quantile(sorted(inSecond), 0.5) }
}

/** Each client sends when its last request was answered. Returns the moments of the good answers. */
async function closedLoop(next: () => Request, seconds: number, stop: AbortSignal): Promise<number[]> {
  const good: number[] = []
  const until = now() + seconds * 1000
  async function client(): Promise<void> {
    while (now() < until) {
      // A failed request, such as a reset connection, is not good either.
      const answer = await next()
        .send(stop)
        .catch(() => undefined)
      stop.throwIfAborted()
      if (answer && isSuccess(answer)) good.push(now())
      else await sleep(10, stop)
    }
  }
  await Promise.all(Array.from({ length: atATime }, client))
  return good
}
