import { Pool } from 'undici'
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

/** Connections to one API, kept while idle for as long as it allows; `timeoutMs` bounds the wait for headers and for the body. */
export function connect(url: string, connections: number, timeoutMs: number): Pool {
  return new Pool(url, {
    connections,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: { timeout: timeoutMs },
  })
}

/** One request; its body is read to the end, so that the connection is free for the next one. */
export async function ask(pool: Pool, { method, path, token, headers: given, body, signal }: Ask): Promise<Answer> {
  const headers: Record<string, string> = { ...given }
  if (token) headers.authorization = `Bearer ${token}`
  if (body) headers['content-type'] = 'application/json'
  const response = await pool.request({ method, path, headers, body: body && JSON.stringify(body), signal })
  return { status: response.statusCode, text: await response.body.text(), headers: response.headers }
}

/** The status of the cheapest request that needs the database; 0 when no answer came. */
export async function dataStatus(pool: Pool, token: string): Promise<number> {
  try {
    return (await ask(pool, { method: 'GET', path: '/data/notes?limit=1', token })).status
  } catch {
    return 0
  }
}

/**
 * Gives a token, which lasts so many seconds or as long as it may; a UserError when the API cannot be reached or does not let this user in. While the API has no database
 * it asks again for two seconds: a fault that was undone a moment ago may still be felt.
 */
export async function logIn(
  pool: Pool,
  url: string,
  username: string,
  password: string,
  expires_in?: number,
): Promise<string> {
  const deadline = now() + 2_000
  for (;;) {
    const { status, text } = await tryLogIn(pool, url, { username, password, expires_in })
    if (status === 200) return (JSON.parse(text) as { token: string }).token
    if (status === 503 && now() < deadline) await sleep(50)
    else throw new UserError(refusals[status] ?? `The login at ${url} was answered ${status}: is that the API?`)
  }
}

const refusals: Record<number, string> = {
  401: 'The API refuses this user or the password.',
  429: 'Too many logins: the API asks to wait a minute.',
  503: 'The API has no database at the moment, so nobody can log in: recover it first.',
}

/** One login, whatever it is answered; a UserError when it is not. */
export async function tryLogIn(pool: Pool, url: string, body: object): Promise<Answer> {
  try {
    return await ask(pool, { method: 'POST', path: '/auth/login', body })
  } catch (error) {
    throw new UserError(`Nothing answers at ${url} (${reasonOf(error)}). Is the API running?`)
  }
}
