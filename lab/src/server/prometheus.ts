import { createServer, request, type Server } from 'node:http'
import { rejectForeignOrigin } from './origin.ts'

// What asks for much sends it as a form.
const asked = /^\/api\/v1\/(query|query_range|query_exemplars|series|labels)$/
// What else a client sends belongs to its connection to us, and some of it (Trailer, Expect) would end in an exception.
const passed = ['accept', 'accept-encoding', 'accept-language', 'content-type', 'content-length', 'user-agent']

/**
 * Prometheus as this machine sees it: its pages and its queries. It takes what k6 writes inside the network only, or any
 * web page somebody visits could write made-up figures into it.
 */
export function createPrometheusDoor(url: string): Server {
  return createServer((req, res) => {
    if (rejectForeignOrigin(req, res)) return
    const { url: target = '', method } = req
    const reads = method === 'GET' || method === 'HEAD' || (method === 'POST' && asked.test(target.split('?')[0] ?? ''))
    if (!reads) return res.writeHead(403).end('Only reading goes through here.\n')
    // To a proxy a client names the whole address; glued to ours that is no address at all.
    if (!target.startsWith('/')) return res.writeHead(400).end('This is no proxy: ask for a path.\n')
    const handedOn = passed.map((name) => [name, req.headers[name]]).filter(([, value]) => value !== undefined)
    const onward = request(url + target, { method, headers: Object.fromEntries(handedOn) }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(res)
    })
    onward.on('error', () => {
      if (!res.headersSent) res.writeHead(502)
      res.end('Prometheus does not answer: make status\n')
    })
    res.on('close', () => onward.destroy())
    req.pipe(onward)
  })
}
