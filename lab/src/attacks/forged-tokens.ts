import { type AttackContext, type AttackRequest, type AttackRun, askAndListen, attemptAtRate } from './attack.ts'
import { forgeries } from './forgeries.ts'

/**
 * Every forgery of the table in turn, made from a valid token. Where the lab started the API and knows its secret, also
 * those with a valid signature and wrong claims: expired, without an expiry, of an unknown user.
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
