import { type AttackContext, type AttackRequest, type AttackRun, askAndListen, attemptAtRate } from './attack.ts'
import { forgeries } from './forgeries.ts'

/**
 * Every forgery of the table in turn, made of a valid token. Where the lab started the API and so knows the secret, also
 * those that are rightly signed and wrong all the same: expired, without an end, of nobody.
 */
export async function forgedTokens({ target, token, pool }: AttackContext) {
  const table = forgeries(token, target.jwtSecret)
  let count = 0
  const next = (): AttackRequest => {
    const { name, headers, query } = table[count++ % table.length] as (typeof table)[number]
    const path = `/data/notes?${query ?? 'limit=1'}`
    return { what: name, send: (signal) => askAndListen(pool, { method: 'GET', path, headers, signal }) }
  }
  return (run: AttackRun) => attemptAtRate(run, next)
}
