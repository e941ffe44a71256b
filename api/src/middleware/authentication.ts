import { metrics } from '@opentelemetry/api'
import type { Context, Next } from 'koa'

/** What signed-tokens.ts and sessions.ts do differently. */
export type TokenKind = {
  /** Returns what a token says by itself, or the reason why it is rejected. */
  read(ctx: Context): Promise<Token | string>
  reasons: string[]
  /** Returns a token that is valid for so many seconds; a logout or another password since `issuedAt` ends it too. */
  issue(userId: string, issuedAt: number, seconds: number): Promise<string>
}
export type Token = {
  /** A session names its user when the database has confirmed it. */
  userId?: string
  /** In seconds since 1970. */
  expires: number
  /** Returns the token if the database knows its user and nothing has revoked it, otherwise the reason. */
  confirm(): Promise<Token | string>
  revoke(): Promise<void>
}
export type Tokens = ReturnType<typeof authentication>

const reconfirmMs = 1000 // a logout in another process on the same database counts within this time
const maxRemembered = 1000

export function authentication({ read, reasons, issue }: TokenKind) {
  const description = 'Requests with a missing or invalid token'
  const rejections = metrics.getMeter('api').createCounter('auth.rejections', { description })
  for (const reason of ['missing', ...reasons]) rejections.add(0, { reason })
  // A signature costs as much as the rest of a read, and a confirmation a query: accepted tokens are remembered.
  const remembered = new Map<string, Token & { confirmedAt: number }>()
  let logouts = 0

  /** Sets ctx.state.userId if the token is valid and names a user of this process. Throws 401, or DatabaseUnavailable (503). */
  async function requireUser(ctx: Context, next: Next) {
    const now = Date.now()
    const { authorization } = ctx.req.headers
    if (!authorization) return reject(ctx, 'missing')
    let token = remembered.get(authorization)
    if (!token || token.expires <= now / 1000) token = { ...accept(ctx, await read(ctx)), confirmedAt: 0 }
    ctx.state.userId = token.userId // also in the log line of an outage
    if (now - token.confirmedAt >= reconfirmMs) {
      const logoutsBefore = logouts
      // Throws DatabaseUnavailable in an outage. The token stays remembered, so its signature is not checked again.
      const confirmed = await token.confirm()
      if (typeof confirmed === 'string') remembered.delete(authorization)
      token = { ...accept(ctx, confirmed), confirmedAt: now }
      if (remembered.size >= maxRemembered) remembered.clear()
      // A logout may have overtaken this look-up.
      if (logouts === logoutsBefore) remembered.set(authorization, token)
      ctx.state.userId = token.userId
    }
    ctx.state.token = token
    return next()
  }

  const accept = (ctx: Context, token: Token | string) => (typeof token === 'string' ? reject(ctx, token) : token)

  // The reason is not in the answer: it would teach the client to forge better.
  function reject(ctx: Context, reason: string): never {
    rejections.add(1, { reason })
    Object.assign(ctx.state.log, { auth_rejection: reason, client_address: ctx.ip })
    const headers = { 'WWW-Authenticate': 'Bearer' }
    ctx.throw(401, 'A valid token is required: Authorization: Bearer <token from POST /auth/login>.', { headers })
  }

  /** Ends the token of this request. */
  async function revoke(ctx: Context) {
    await ctx.state.token.revoke()
    logouts++
    remembered.clear()
  }

  return { requireUser, issue, revoke }
}
