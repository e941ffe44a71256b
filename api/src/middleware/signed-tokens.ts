import type { KeyObject } from 'node:crypto'
import jsonwebtoken, { type JwtHeader, type JwtPayload } from 'jsonwebtoken'
import type { Context } from 'koa'
import koaJwt from 'koa-jwt'
import type { Config } from '../config.ts'
import type { Db } from '../database/database.ts'
import { revokeTokens, tokensValidFrom } from '../stores/users.ts'
import type { Token, TokenKind } from './authentication.ts'

type Settings = Pick<Config, 'JWT_SECRET' | 'JWT_SECRET_PREVIOUS' | 'LAB_USERS'>

const clockTolerance = 5 // seconds

// The reason for each error of a token check; 'malformed' for all others.
const reasonOf: Record<string, string> = {
  'critical header': 'critical_header',
  'invalid signature': 'signature',
  'invalid algorithm': 'algorithm',
  'jwt signature is required': 'algorithm',
  'jwt expired': 'expired',
  'jwt not active': 'not_active',
}
const reasons = [...Object.values(reasonOf), 'malformed', 'no_expiry', 'unknown_user', 'revoked']

/** Signed tokens: a request says who its user is, the signature that it is true. A logout ends all tokens of the user. */
export function signedTokens(db: Db, { JWT_SECRET, JWT_SECRET_PREVIOUS, LAB_USERS }: Settings): TokenKind {
  // One check per key: koa-jwt takes both, but then an expired token of the previous one would be reported as forged.
  const checks = [JWT_SECRET, JWT_SECRET_PREVIOUS].filter((key) => key !== undefined).map(checkWith)

  async function read(ctx: Context, [check, ...others] = checks): Promise<Token | string> {
    try {
      await check?.(ctx, async () => {})
    } catch (error) {
      const { originalError } = error as { originalError?: Error }
      const reason = reasonOf[originalError?.message ?? ''] ?? 'malformed'
      return reason === 'signature' && others.length > 0 ? read(ctx, others) : reason
    }
    const { sub, exp, iat } = ctx.state.user as JwtPayload
    if (typeof exp !== 'number') return 'no_expiry'
    if (typeof sub !== 'string') return 'unknown_user'
    return tokenOf(sub, typeof iat === 'number' ? iat : 0, exp)
  }

  function tokenOf(userId: string, issuedAt: number, exp: number): Token {
    const revoke = () => revokeTokens(db, userId, issuedAt)
    const token: Token = { userId, expires: exp + clockTolerance, confirm, revoke }
    async function confirm() {
      const validFrom = await tokensValidFrom(db, LAB_USERS, userId)
      if (validFrom === undefined) return 'unknown_user'
      return issuedAt < validFrom ? 'revoked' : token
    }
    return token
  }

  async function issue(userId: string, issuedAt: number, seconds: number) {
    const options = { algorithm: 'HS256' as const, subject: userId, expiresIn: seconds }
    return jsonwebtoken.sign({ iat: issuedAt }, JWT_SECRET as KeyObject, options)
  }

  return { read, reasons, issue }
}

function checkWith(key: KeyObject) {
  async function secret({ crit }: JwtHeader) {
    if (crit !== undefined) throw new Error('critical header') // this API knows no extension (RFC 7515, 4.1.11)
    return key
  }
  const options: object = { secret, algorithms: ['HS256'], clockTolerance }
  return koaJwt(options as koaJwt.Options) // its types know neither KeyObject nor the options of jsonwebtoken
}
