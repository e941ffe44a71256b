import { createServer, request, type Server } from 'node:http'

// What asks for much sends it as a form.
const asked = /^\/api\/v1\/(query|query_range|query_exemplars|series|labels)$/

/**
 * Prometheus as this machine sees it: its pages and its queries. It takes what k6 writes inside the network only, or any
 * web page somebody visits could write made-up figures into it.
 */
export function createPrometheusDoor(url: string): Server {
  return createServer((req, res) => {
    const path = req.url?.split('?')[0] ?? '/'
    const reads = req.method === 'GET' || req.method === 'HEAD' || (req.method === 'POST' && asked.test(path))
    if (!reads) return res.writeHead(403).end('Only reading goes through here.\n')
    const { host, origin, ...headers } = req.headers
    // A page that has pointed its own name to this machine would be let in under that name.
    if (!/^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host ?? '')) {
      return res.writeHead(403).end('Ask for localhost or 127.0.0.1.\n')
    }
    const onward = request(url + req.url, { method: req.method, headers }, (answer) => {
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
