import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer } from './contract.ts'

const quietMs = 60 // after this much silence a request that never becomes complete is ended by us
const patienceMs = 10_000

/** Sends the bytes on a connection of their own. The answers; throws on bytes that are none. */
export async function exchange(url: string, bytes: Buffer, methods: string[], whole: boolean): Promise<Answer[]> {
  return parse(await bytesFrom(url, bytes, whole), methods)
}

/**
 * Whatever the server says until it closes the connection. `whole`: the requests are complete, so the server needs no
 * hint that nothing more will come. Throws when it neither answers nor closes.
 */
export async function bytesFrom(url: string, bytes: Buffer, whole: boolean): Promise<Buffer> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true })
  const chunks: Buffer[] = []
  let last = Date.now()
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    last = Date.now()
  })
  socket.on('error', () => {}) // a reset after the answer: what was received counts
  socket.on('end', () => socket.end())
  const closed = new Promise((resolve) => socket.on('close', resolve))
  socket.write(bytes)
  for (const end = last + patienceMs; !socket.closed; ) {
    await Promise.race([closed, sleep(whole ? 500 : 20)])
    if (!whole && Date.now() - last > quietMs) socket.end()
    if (!socket.closed && Date.now() > end) {
      socket.destroy()
      throw new Error('the server neither answered nor closed the connection')
    }
  }
  return Buffer.concat(chunks)
}

// The n-th answer is to the n-th method: HEAD has no body. Throws on bytes that are not an HTTP answer.
function parse(bytes: Buffer, methods: string[]): Answer[] {
  const answers: Answer[] = []
  let text = bytes.toString('latin1')
  while (text !== '') {
    const end = text.indexOf('\r\n\r\n')
    const [start = '', ...lines] = text.slice(0, end).split('\r\n')
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(start)?.[1])
    if (end < 0 || !status) throw new Error(`no answer of HTTP: ${JSON.stringify(text.slice(0, 200))}`)
    text = text.slice(end + 4)
    if (status === 100) continue
    const headers = new Map(lines.map((line) => line.split(/:\s*/, 2) as [string, string]))
    // What could not be read as a request is answered with a body whatever its method was, and without a Date.
    const bodiless = methods[answers.length] === 'HEAD' && headers.has('Date')
    const length = bodiless ? 0 : Number(headers.get('Content-Length') ?? 0)
    if (text.length < length) throw new Error(`a cut answer: ${start}`)
    answers.push({ status, headers, body: Buffer.from(text.slice(0, length), 'latin1').toString() })
    text = text.slice(length)
  }
  return answers
}
