import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNoopMeter } from '@opentelemetry/api'
import jsonwebtoken from 'jsonwebtoken'
import type { Context } from 'koa'
import { createDb } from '../../src/database/dialect.ts'
import { openGate } from '../../src/database/gate.ts'
import { makeKeys } from '../../src/keys.ts'
import { createGuard } from '../../src/middleware/require-user.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { median, quartiles, rotated, show } from '../figures.ts'
import type { Part, Run } from '../report.ts'

const stored = 100_000
const clients = 500

const ways = {
  signature: 'token, its signature verified each time',
  api: 'token, examined once and remembered (this API)',
  session: `session id, its SHA-256 looked up among ${stored.toLocaleString('en-GB')}`,
} as const
type Way = keyof typeof ways
const names = Object.keys(ways) as Way[]

/** What it costs to know who asks, in CPU time of one process without any HTTP. */
export async function measureSessions({ quick, say }: Run): Promise<Part> {
  const rounds = quick ? 3 : 15
  const checks = quick ? 5_000 : 20_000
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const { log } = createLogger('silent')
  const meter = createNoopMeter()
  const gate = openGate(join(folder, 'notes.db'), { journalMode: 'delete', busyTimeoutMs: 0 }, log, meter, setImmediate)
  try {
    say(`${stored} sessions`)
    const userId = randomUUID()
    await gate.write({ sql: `INSERT INTO users VALUES (?, 'demo', 'none', 0)`, parameters: [userId] })
    const ids = await makeSessions(gate, userId)
    const keys = makeKeys([randomBytes(48).toString('base64')])
    // Each client has a token of its own: they differ by their end.
    const tokens = Array.from({ length: clients }, (_, n) =>
      jsonwebtoken.sign({}, keys[0], { algorithm: 'HS256', subject: userId, expiresIn: 3600 + n }),
    )
    const { requireUser } = createGuard({ keys: () => keys, db: createDb(gate, meter), gate, meter })

    const check: Record<Way, (n: number) => Promise<unknown>> = {
      async signature(n) {
        return jsonwebtoken.verify(tokens[n % clients] ?? '', keys[0], { algorithms: ['HS256'], clockTolerance: 5 }).sub
      },
      async api(n) {
        const ctx = contextWith(`Bearer ${tokens[n % clients]}`)
        await requireUser(ctx, async () => {})
        return ctx.state.userId
      },
      async session(n) {
        const [row] = gate.read({ sql: find, parameters: [digest(ids[(n * 7919) % stored] ?? ''), Date.now() / 1000] })
        return (row as { user_id: string } | undefined)?.user_id
      },
    }
    for (const way of names) {
      if ((await check[way](1)) !== userId) throw new Error(`${ways[way]}: that is somebody else`)
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
        'Medians; each ratio is to the signature in the same round. The look-up goes through the gate, as all do.',
      ],
      raw,
    }
  } finally {
    gate.close()
    rmSync(folder, { recursive: true })
  }
}

const find = 'SELECT user_id FROM sessions WHERE id_hash = ? AND expires_at > ?'
// A stolen database must not be a list of keys: what is stored is the hash of the id.
const digest = (id: string) => createHash('sha256').update(id).digest()

async function makeSessions(gate: ReturnType<typeof openGate>, userId: string): Promise<string[]> {
  await gate.write({
    sql: 'CREATE TABLE sessions (id_hash BLOB PRIMARY KEY, user_id TEXT NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID',
    parameters: [],
  })
  const expires = Math.floor(Date.now() / 1000) + 3600
  const ids = Array.from({ length: stored }, () => randomBytes(32).toString('base64url'))
  const insert = 'INSERT INTO sessions VALUES (?, ?, ?)'
  await Promise.all(ids.map((id) => gate.write({ sql: insert, parameters: [digest(id), userId, expires] })))
  return ids
}

/** As much of a request as the guard looks at. */
function contextWith(authorization: string): Context {
  const header = { authorization }
  return { get: () => authorization, header, request: { header }, state: {}, throw: fail } as unknown as Context
}

function fail(status: number, message: string): never {
  throw new Error(`${status}: ${message}`)
}
