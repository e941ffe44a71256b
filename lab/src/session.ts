import type { Pool } from 'undici'
import { connect, logIn } from './api-client.ts'
import { now } from './clock.ts'

/** A user of the API who stays logged in. */
export type Session = {
  url: string
  pool: Pool
  /** A token that is still valid for a while. Rejects with a UserError when the API lets nobody in at the moment. */
  token: () => Promise<string>
  /** What was true of logging in is so no more: the next call asks for a token at once. */
  invalidate: () => void
}

// The API allows ten attempts a minute and user; what people try beside the lab shall not be refused for it.
const pauseMs = 15_000

export function openSession(url: string, username: string, password: string): Session {
  const pool = connect(url, 16, 5_000)
  let held: { token: string; renewAt: number; until: number } | undefined
  let asked: { at: number; answer: Promise<string> } | undefined

  async function renew(): Promise<string> {
    const token = await logIn(pool, url, username, password)
    const lifetime = lifetimeMs(token)
    held = { token, renewAt: Date.now() + 0.8 * lifetime, until: Date.now() + lifetime }
    asked = undefined
    return token
  }

  async function token(): Promise<string> {
    if (held && Date.now() < held.renewAt) return held.token
    // Whoever asks while the answer is awaited, or soon after a refusal, shares it.
    if (asked === undefined || now() > asked.at + pauseMs) asked = { at: now(), answer: renew() }
    try {
      return await asked.answer
    } catch (error) {
      // In an outage nobody can log in, and a token that is renewed in good time still opens the door.
      if (held && Date.now() < held.until) return held.token
      throw error
    }
  }
  function invalidate(): void {
    held = undefined
    asked = undefined
  }
  return { url, pool, token, invalidate }
}

function lifetimeMs(token: string): number {
  const { iat, exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  return (exp - iat) * 1000
}
