import { createHash, createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import jsonwebtoken from 'jsonwebtoken'
import type { Context } from 'koa'
import { sql } from 'kysely'
import { openSqlite } from '../../src/database/sqlite.ts'
import { authentication, type TokenKind } from '../../src/middleware/authentication.ts'
import { sessions } from '../../src/middleware/sessions.ts'
import { signedTokens } from '../../src/middleware/signed-tokens.ts'
import { findSession } from '../../src/stores/sessions.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { median, quartiles, rotated, show } from '../figures.ts'
import type { Part, Run } from '../report.ts'

const stored = 100_000
const clients = 500

const ways = {
  signature: 'token, its signature verified each time',
  api: 'token, verified once, then remembered for a second (this API)',
  session: `session id, its SHA-256 looked up among ${stored.toLocaleString('en-GB')}`,
} as const
type Way = keyof typeof ways
const names = Object.keys(ways) as Way[]

/** Measures the CPU time of identifying the user of a request, in one process without HTTP. */
export async function measureSessions({ quick, say }: Run): Promise<Part> {
  const rounds = quick ? 3 : 15
  const checks = quick ? 5_000 : 20_000
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const { log } = createLogger('silent')
  const settings = { JOURNAL_MODE: 'delete', BUSY_TIMEOUT_MS: 0, GROUP_COMMIT: 'on' } as const
  const database = await openSqlite(join(folder, 'notes.db'), settings, log)
  const { db } = database
  try {
    say(`${stored} sessions`)
    const userId = randomUUID()
    await sql`INSERT INTO users VALUES (${userId}, 'demo', 'none', 0)`.execute(db)
    const key = createSecretKey(randomBytes(48))
    const users = [{ name: 'demo', password: 'none' }]
    const ids = await makeSessions(sessions(db, users).issue, userId)
    // Each client has a token of its own: they differ by their end.
    const tokens = Array.from({ length: clients }, (_, n) =>
      jsonwebtoken.sign({}, key, { algorithm: 'HS256', subject: userId, expiresIn: 3600 + n }),
    )
    const kind = signedTokens(db, { JWT_SECRET: key, JWT_SECRET_PREVIOUS: undefined, LAB_USERS: users })
    const { requireUser } = authentication(kind)

    const check: Record<Way, (n: number) => Promise<unknown>> = {
      async signature(n) {
        return jsonwebtoken.verify(tokens[n % clients] ?? '', key, { algorithms: ['HS256'], clockTolerance: 5 }).sub
      },
      async api(n) {
        const ctx = contextWith(`Bearer ${tokens[n % clients]}`)
        await requireUser(ctx, async () => {})
        return ctx.state.userId
      },
      async session(n) {
        const hash = createHash('sha256').update(ids[(n * 7919) % stored] ?? '')
        return (await findSession(db, users, hash.digest('base64url')))?.user_id
      },
    }
    for (const way of names) {
      if ((await check[way](1)) !== userId) throw new Error(`${ways[way]}: that is another user`)
      for (let n = 0; n < checks; n++) await check[way](n)
    }
    const raw: { round: number; way: Way; cpuMicroseconds: number }[] = []
    for (let round = 0; round < rounds; round++) {
      say(`round ${round + 1} of ${rounds}`)
      for (const way of rotated(names, round)) {
        const before = process.cpuUsage()
        for (let n = 0; n < checks; n++) await check[way](n + round * checks)
        const { user, system } = process.cpuUsage(before)
        raw.push({ round, way, cpuMicroseconds: (user + system) / checks })
      }
    }
    const costs = (way: Way) => raw.filter((entry) => entry.way === way).map((entry) => entry.cpuMicroseconds)
    const ratios = (way: Way) => costs(way).map((cost, round) => cost / (costs('signature')[round] ?? Number.NaN))
    return {
      title: `sessions: CPU per request to know who asks, ${rounds} interleaved rounds of ${checks} checks for ${clients} clients`,
      columns: ['who asks is known by', 'us', 'x signature', 'quartiles'],
      rows: names.map((way) => ({
        cells: [ways[way], show(median(costs(way))), show(median(ratios(way))), quartiles(ratios(way))],
      })),
      notes: [
        'Medians; each ratio is to the signature in the same round. The look-up goes through the database module, like every query.',
      ],
      raw,
    }
  } finally {
    database.close()
    rmSync(folder, { recursive: true })
  }
}

async function makeSessions(issue: TokenKind['issue'], userId: string): Promise<string[]> {
  const now = Math.floor(Date.now() / 1000)
  return Promise.all(Array.from({ length: stored }, () => issue(userId, now, 3600)))
}

/** As much of a request as the middleware reads. */
function contextWith(authorization: string): Context {
  const headers = { authorization }
  return { req: { headers }, header: headers, state: {}, cookies: {}, throw: fail } as unknown as Context
}

function fail(status: number, message: string): never {
  throw new Error(`${status}: ${message}`)
}
