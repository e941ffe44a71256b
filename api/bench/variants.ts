// The API in steps, made of its own modules: `node variants.ts STEP`. The last step, the complete API, is src/main.ts.
import { createServer, type RequestListener } from 'node:http'
import Router from '@koa/router'
import { createNoopMeter, ProxyTracerProvider } from '@opentelemetry/api'
import jsonwebtoken from 'jsonwebtoken'
import Koa, { type Middleware } from 'koa'
import { createApp } from '../src/app.ts'
import { loadConfig } from '../src/config.ts'
import { openConnection } from '../src/database/connection.ts'
import { createDb } from '../src/database/dialect.ts'
import { DatabaseUnavailable, inspectFile } from '../src/database/faults.ts'
import { type Gate, openGate } from '../src/database/gate.ts'
import { createDoor } from '../src/door.ts'
import { makeKeys } from '../src/keys.ts'
import { readJson } from '../src/middleware/read-json.ts'
import { createGuard } from '../src/middleware/require-user.ts'
import { prepareFolder } from '../src/privileges.ts'
import { noteRoutes } from '../src/routes/notes.ts'
import { createApiServer, listen } from '../src/server.ts'
import { insertNote } from '../src/stores/notes.ts'
import { findUserByName, settleUsers } from '../src/stores/users.ts'
import { createLogger } from '../src/telemetry/logger.ts'
import { startTelemetry } from '../src/telemetry/sdk.ts'
import { note } from './note.ts'

export type Variant = keyof typeof steps
const steps = {
  bare,
  koa: () => plainRoutes({ find: () => made, insert: () => made }),
  sqlite,
  kysely: () =>
    realRoutes((ctx, next) => {
      ctx.state.userId = userId
      return next()
    }),
  token: () => realRoutes(createGuard({ keys, db, gate, meter }).requireUser),
  log: () => createApp({ config, keys, gate, db, log, meter, tracer, version, draining }).app.callback(),
  oneCommitEach,
}

const config = loadConfig(process.env)
prepareFolder(config.databasePath)
const { log } = createLogger(config.logLevel)
const meter = createNoopMeter()
const tracer = new ProxyTracerProvider().getTracer('none')
const version = 'bench'
const draining = () => false
const door = createDoor()
const gate = openGate(config.databasePath, config, log, meter, door.whenNobodyWaits)
const db = createDb(gate, meter)
const keySet = makeKeys(config.jwtSecrets)
const keys = () => keySet

await settleUsers(db, config.users, () => {})
const userId = (await findUserByName(db, config.users[0]?.name ?? ''))?.id ?? ''
const made = await insertNote(db, userId, note)
const token = jsonwebtoken.sign({}, keySet[0], { algorithm: 'HS256', subject: userId, expiresIn: config.jwtTtl })

const step = process.argv[2] as Variant
const handler = steps[step]()
// The steps below Kysely have no gate that looks after the file five times a second.
if (['bare', 'koa', 'sqlite'].includes(step)) gate.close()
const server = step === 'bare' ? createServer(handler) : createApiServer(handler, log, meter, door.cameIn)
const port = await listen(server, config.host, config.port, 'PORT')
process.send?.({ url: `http://127.0.0.1:${port}`, token, notePath: `/data/notes/${made.id}` })

function bare(): RequestListener {
  const answer = JSON.stringify(made)
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(answer)),
  }
  return (req, res) => {
    if (req.method === 'GET') return res.writeHead(200, headers).end(answer)
    req.on('data', () => {})
    req.on('end', () => res.writeHead(201, headers).end(answer))
  }
}

function plainRoutes({ find, insert }: { find(id: string): unknown; insert(input: typeof note): unknown }) {
  const router = new Router()
  router.get('/data/notes/:id', async (ctx) => {
    ctx.body = find(ctx.params.id ?? '')
  })
  router.post('/data/notes', readJson(), async (ctx) => {
    ctx.status = 201
    ctx.body = insert(ctx.request.body as typeof note)
  })
  return new Koa().use(router.routes()).callback()
}

function sqlite() {
  const { run } = openConnection(config.databasePath, config, false)
  const columns = 'id, title, body, created_at, updated_at'
  const find = `select ${columns} from notes where user_id = ? and id = ?`
  const insert = `insert into notes (user_id, ${columns}) values (?, ?, ?, ?, ?, ?) returning ${columns}`
  const now = new Date().toISOString()
  return plainRoutes({
    find: (id) => run(find, [userId, id])[0],
    insert: ({ title, body }) => run(insert, [userId, crypto.randomUUID(), title, body, now, now])[0],
  })
}

function realRoutes(guard: Middleware) {
  const router = new Router()
  noteRoutes(router, { db, requireUser: guard })
  return new Koa().use(router.routes()).callback()
}

/** The complete app, but every write has a transaction, and with it an fsync, of its own. */
function oneCommitEach() {
  const { meter, tracer } = startTelemetry()
  const connection = openConnection(config.databasePath, config, false)
  const write: Gate['write'] = async (statement) => {
    const fault = inspectFile(config.databasePath, connection.opened)
    if (fault) throw new DatabaseUnavailable(fault)
    const [rows] = connection.transaction([statement])
    if (rows instanceof Error) throw rows
    return rows ?? []
  }
  const db = createDb({ ...gate, write }, meter)
  return createApp({ config, keys, gate, db, log, meter, tracer, version, draining }).app.callback()
}
