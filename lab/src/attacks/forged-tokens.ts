import { type AttackContext, type AttackRun, attemptAtRate, request } from './attack.ts'
import { type Forgery, forgeries } from './forgeries.ts'

/**
 * Every forgery of the table in turn, made from a valid token. Where the lab started the API and knows its secret, also
 * those with a valid signature and wrong claims: expired, without an expiry, of an unknown user.
 */
export async function forgedTokens({ target, token, pool }: AttackContext) {
  const table = forgeries(token, target.jwtSecret)
  return (run: AttackRun) =>
    attemptAtRate(run, (number) => {
      const { name, headers, query = 'limit=1' } = table[number % table.length] as Forgery
      return request(name, pool, { method: 'GET', path: `/data/notes?${query}`, headers })
    })
}
