import { type Dispatcher, Pool } from 'undici'
import { now, sleep } from './clock.ts'
import { reasonOf, UserError } from './errors.ts'

export type Ask = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  path: string
  token?: string
  headers?: Record<string, string>
  body?: object
  signal?: AbortSignal
}
export type Answer = { status: number; text: string; headers: Record<string, string | string[] | undefined> }

/** A pool of keep-alive connections to one API; `timeoutMs` bounds the wait for the headers and for the body. */
export function connect(url: string, connections: number, timeoutMs: number): Pool {
  return new Pool(url, {
    connections,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: { timeout: timeoutMs },
  })
}

/** Sends one request. Reads its body to the end, so that the connection is free for the next one. */
export async function ask(
  pool: Dispatcher,
  { method, path, token, headers: given, body, signal }: Ask,
): Promise<Answer> {
  const headers: Record<string, string> = { ...given }
  if (token) headers.authorization = `Bearer ${token}`
  if (body) headers['content-type'] = 'application/json'
  const response = await pool.request({ method, path, headers, body: body && JSON.stringify(body), signal })
  return { status: response.statusCode, text: await response.body.text(), headers: response.headers }
}

/** The cheapest read that needs the database, and the smallest write. */
export const probes = {
  read: { method: 'GET', path: '/data/notes?limit=1' },
  write: { method: 'POST', path: '/data/notes', body: { title: 'probe', body: '' } },
} satisfies Record<string, Ask>

/** The status of a read or a write; 0 when no answer came. */
export function dataStatus(pool: Pool, token: string, operation: keyof typeof probes = 'read'): Promise<number> {
  return ask(pool, { ...probes[operation], token }).then(
    ({ status }) => status,
    () => 0,
  )
}

/**
 * Logs in and returns a token valid for `lifetimeSeconds`, or as long as the API allows. While the API has no database it
 * tries again for two seconds, because a fault that has just ended may still be felt. Throws a UserError when the login fails.
 */
export async function logIn(pool: Pool, url: string, username: string, password: string, lifetimeSeconds?: number) {
  return (await requestToken(pool, url, { username, password, expires_in: lifetimeSeconds })).token
}

type Grant = { token: string; expires_in: number }

async function requestToken(pool: Pool, url: string, body: object): Promise<Grant> {
  const deadline = now() + 2_000
  for (;;) {
    const { status, text } = await ask(pool, { method: 'POST', path: '/auth/login', body }).catch((error) => {
      throw new UserError(`Nothing answers at ${url} (${reasonOf(error)}). Is the API running?`)
    })
    if (status === 200) return JSON.parse(text)
    if (status === 503 && now() < deadline) await sleep(50)
    else throw new UserError(loginFailures[status] ?? `The login at ${url} was answered ${status}: is that the API?`)
  }
}

const loginFailures: Record<number, string> = {
  401: 'The API does not accept this user name and password.',
  429: 'Too many logins: wait a minute, then try again.',
  503: 'The API has no database at the moment, so no user can log in: recover it first.',
}

/** A user of the API who stays logged in. */
export type Session = {
  url: string
  pool: Pool
  /** A token that is valid for a while. Rejects with a UserError when the login fails. */
  token: () => Promise<string>
  /** Discards the cached token. */
  invalidate: () => void
}

// The API allows ten logins per minute and user: one every 15 s leaves some for the people who use it beside the lab.
const pauseMs = 15_000

export function openSession(url: string, username: string, password: string): Session {
  const pool = connect(url, 16, 5_000)
  let current: { token: string; renewAt: number; until: number } | undefined
  let asked: { at: number; answer: Promise<string> } | undefined

  async function renew(): Promise<string> {
    const { token, expires_in } = await requestToken(pool, url, { username, password })
    current = { token, renewAt: Date.now() + 800 * expires_in, until: Date.now() + 1_000 * expires_in }
    asked = undefined
    return token
  }

  async function token(): Promise<string> {
    if (current && Date.now() < current.renewAt) return current.token
    // Calls during a login, or soon after a failed one, share its result.
    if (asked === undefined || now() > asked.at + pauseMs) asked = { at: now(), answer: renew() }
    try {
      return await asked.answer
    } catch (error) {
      // No user can log in during an outage, but a token that was not renewed yet is still valid.
      if (current && Date.now() < current.until) return current.token
      throw error
    }
  }
  function invalidate(): void {
    current = undefined
    asked = undefined
  }
  return { url, pool, token, invalidate }
}

/** Sends a command to the long-running lab on its Unix socket. Throws a UserError when it fails or nothing listens. */
export async function askLab<T>(socketPath: string, method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
  const pool = new Pool('http://lab', { connections: 1, socketPath })
  try {
    const { status, text } = await ask(pool, { method, path, body }).catch((error) => {
      throw new UserError(`The lab does not answer on ${socketPath} (${reasonOf(error)}): is it still starting?`)
    })
    if (status === 200) return JSON.parse(text)
    throw new UserError(JSON.parse(text).error)
  } finally {
    await pool.destroy()
  }
}
