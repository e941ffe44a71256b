// The API in steps, made of its own modules: `node variants.ts STEP`. The last step, the complete API, is src/main.ts.
import { mkdirSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { dirname } from 'node:path'
import Router from '@koa/router'
import Koa, { type Middleware } from 'koa'
import { createApp, createRouter } from '../src/app.ts'
import { loadConfig } from '../src/config.ts'
import { openSqlite } from '../src/database/sqlite.ts'
import { openFile } from '../src/database/sqlite-file.ts'
import { authentication } from '../src/middleware/authentication.ts'
import { readJson } from '../src/middleware/input.ts'
import { signedTokens } from '../src/middleware/signed-tokens.ts'
import { noteRoutes } from '../src/routes/notes.ts'
import { createApiServer, listen } from '../src/server.ts'
import { insertNote } from '../src/stores/notes.ts'
import { findUserByName, syncUsers } from '../src/stores/users.ts'
import { createLogger } from '../src/telemetry/logger.ts'
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
  token: () => realRoutes(tokens.requireUser),
  log: () => createApp({ config, database, log, version, draining, eventLoopDelay }).callback(),
}

const config = loadConfig(process.env)
const { log } = createLogger(config.LOG_LEVEL)
const version = 'bench'
const draining = () => false
const eventLoopDelay = () => 0
mkdirSync(dirname(config.DATABASE_PATH))
const database = await openSqlite(config.DATABASE_PATH, config, log)
const { db } = database

await syncUsers(db, config.LAB_USERS)
const userId = (await findUserByName(db, config.LAB_USERS, config.LAB_USERS[0]?.name ?? ''))?.id ?? ''
const made = await insertNote(db, userId, note)
const tokens = authentication(signedTokens(db, config))
const token = await tokens.issue(userId, Math.floor(Date.now() / 1000), config.JWT_TTL)

const step = process.argv[2] as Variant
// The steps below Kysely have no database module that checks the file five times per second.
if (['bare', 'koa', 'sqlite'].includes(step)) database.close()
const handler = await steps[step]()
const server = step === 'bare' ? createServer(handler) : createApiServer(handler, log)
const port = await listen(server, config.HOST, config.PORT, 'PORT')
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

async function sqlite() {
  const { sqlite } = await openFile(config.DATABASE_PATH, config)
  const columns = 'id, title, body, created_at, updated_at'
  const find = sqlite.prepare(`select ${columns} from notes where user_id = ? and id = ?`)
  const insert = sqlite.prepare(
    `insert into notes (user_id, ${columns}) values (?, ?, ?, ?, ?, ?) returning ${columns}`,
  )
  const now = new Date().toISOString()
  return plainRoutes({
    find: (id) => find.get(userId, id),
    insert: ({ title, body }) => insert.get(userId, crypto.randomUUID(), title, body, now, now),
  })
}

function realRoutes(requireUser: Middleware) {
  return new Koa().use(createRouter(noteRoutes(db), requireUser).routes()).callback()
}
