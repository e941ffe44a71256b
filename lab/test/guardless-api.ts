// A small API for tests that opens its database once and never checks it again, as most do. It serves under chmod and in
// a renamed file, so an experiment must FAIL.
import { randomUUID } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import Database from 'better-sqlite3'

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
}

export function start(): void {
  const db = new Database(process.env.DATABASE_PATH, { timeout: 0 })
  db.exec('CREATE TABLE IF NOT EXISTS notes (id TEXT PRIMARY KEY, title TEXT)')
  const insert = db.prepare('INSERT INTO notes VALUES (?, ?)')
  const find = db.prepare('SELECT * FROM notes WHERE id = ?')
  const list = db.prepare('SELECT * FROM notes LIMIT 20')

  const api = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://api')
    if (pathname === '/health') return answer(response, 200, { degraded: false, database: { reason: null } })
    if (pathname === '/auth/login') return answer(response, 200, { token: 'any' })
    if (request.method === 'GET' && pathname === '/data/notes') return answer(response, 200, { items: list.all() })
    if (request.method === 'GET') return answer(response, 200, find.get(pathname.split('/').at(-1)) as object)
    const note = { id: randomUUID(), title: JSON.parse(await text(request)).title }
    try {
      insert.run(note.id, note.title)
      answer(response, 201, note)
    } catch {
      answer(response, 500, {}) // SQLite itself sees a rename, at the next write
    }
  })
  const metrics = createServer((_, response) => response.end('db_errors_total 0\ndb_available 1\n'))

  api.listen(0, '127.0.0.1', () => {
    metrics.listen(0, '127.0.0.1', () => {
      const [port, metrics_port] = [api, metrics].map((server) => (server.address() as AddressInfo).port)
      console.log(JSON.stringify({ msg: 'listening', port, metrics_port }))
    })
  })
}

if (import.meta.main) start()
