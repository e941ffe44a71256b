import { createServer, type Server } from 'node:http'
import type { Registry } from 'prom-client'
import { rejectForeignOrigin } from './origin.ts'

/** GET /metrics for Prometheus and GET / for people: what is being done to the API and how it looks from outside. */
export function createPages(registry: Registry, status: () => object): Server {
  return createServer(async (req, res) => {
    if (rejectForeignOrigin(req, res)) return
    const path = req.url?.split('?')[0]
    if (req.method !== 'GET') return res.writeHead(405, { Allow: 'GET' }).end()
    if (path === '/metrics') {
      return res.writeHead(200, { 'Content-Type': registry.contentType }).end(await registry.metrics())
    }
    if (path === '/') {
      const page = { ...status(), metrics: '/metrics', commands: 'make outage, make recover, make status' }
      return res.writeHead(200, { 'Content-Type': 'application/json' }).end(`${JSON.stringify(page, null, 2)}\n`)
    }
    res.writeHead(404, { 'Content-Type': 'text/plain' }).end('There are GET / and GET /metrics here.\n')
  })
}
