// Which requests the lab's two ports answer. Behind the proxy listens a server that answers with what it received.

import assert from 'node:assert/strict'
import { createServer, request, type Server } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import Router from '@koa/router'
import { createPages, createPrometheusProxy } from '../src/server/http.ts'

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => server.close().closeAllConnections())
  return (server.address() as { port: number }).port
}

const behind = await listening(createServer(async (req, res) => res.end(`${req.method} ${req.url} ${await text(req)}`)))
const ports = {
  pages: await listening(createPages(() => ({}), new Router())),
  proxy: await listening(createPrometheusProxy(`http://127.0.0.1:${behind}`)),
}

type Sent = { path?: string; method?: string; headers?: Record<string, string> }
function status(port: number, { path = '/status', method = 'GET', headers = {} }: Sent): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ port, path, method, headers }, (answer) => answer.resume().on('end', () => resolve(answer.statusCode)))
      .on('error', reject)
      .end()
  })
}

test('requests of a page whose name was pointed to this machine are rejected, and so are those of another origin', async () => {
  for (const port of Object.values(ports)) {
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      'localhost.evil.example',
      '127.0.0.1.nip.io',
      'lab.evil',
    ]) {
      assert.equal(await status(port, { headers: { Host: host } }), 403, host)
    }
    for (const origin of ['http://evil.example', 'null', `https://localhost:${port}`, `http://localhost:${port + 1}`]) {
      assert.equal(await status(port, { headers: { Host: `localhost:${port}`, Origin: origin } }), 403, origin)
    }
  }
})

test('this machine, its own pages, Prometheus and a health check without a Host are answered', async () => {
  for (const port of Object.values(ports)) {
    for (const host of [`localhost:${port}`, '127.0.0.1:8090', '[::1]:8090', 'lab:8090', 'LOCALHOST']) {
      assert.equal(await status(port, { headers: { Host: host } }), 200, host)
      assert.equal(await status(port, { headers: { Host: host, Origin: `http://${host}` } }), 200, host)
    }
    assert.match(await raw(port, 'GET /status HTTP/1.0\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 200/)
  }
})

test('only reading passes the proxy to Prometheus', async () => {
  for (const [method, path, expected] of [
    ['POST', '/api/v1/query', 200],
    ['POST', '/api/v1/write', 403],
    ['POST', '/api/v1/query/../write', 403],
    ['POST', '/-/reload', 403],
    ['PUT', '/-/quit', 403],
    ['DELETE', '/api/v1/query', 403],
    ['OPTIONS', '/api/v1/query', 403],
  ] as const) {
    assert.equal(await status(ports.proxy, { method, path }), expected, `${method} ${path}`)
  }
})

test('neither a target that is no path nor an unusual header stops a port', async () => {
  for (const port of Object.values(ports)) {
    for (const target of ['http://localhost/x', 'http://[/', '*', 'x:y']) {
      await raw(port, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
      assert.equal(await status(port, {}), 200, target)
    }
    for (const header of ['Trailer: x', 'Expect: x', 'Transfer-Encoding: chunked', 'Upgrade: x']) {
      await raw(port, `GET / HTTP/1.1\r\nHost: localhost\r\n${header}\r\nConnection: close\r\n\r\n0\r\n\r\n`)
      assert.equal(await status(port, {}), 200, header)
    }
  }
})

async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  socket.write(bytes)
  let answer = ''
  for await (const chunk of socket) answer += chunk
  return answer
}

test('the proxy passes on the query, its body and the answer', async () => {
  const answer = await fetch(`http://127.0.0.1:${ports.proxy}/api/v1/query?a=b`, { method: 'POST', body: 'query=up' })
  assert.equal(await answer.text(), 'POST /api/v1/query?a=b query=up')
  const missing = await listening(createPrometheusProxy('http://127.0.0.1:1'))
  assert.equal(await status(missing, {}), 502)
})
