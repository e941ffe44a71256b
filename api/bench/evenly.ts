import { setTimeout as sleep } from 'node:timers/promises'
import { type Ask, ask, connect } from '../../lab/src/api-client.ts'
import { latencyOf, quantile, type Result, sorted, statusesOf } from '../../lab/src/load/figures.ts'
import { openLoop } from '../../lab/src/load/open-loop.ts'
import { note } from './note.ts'
import type { Server } from './servers.ts'

export type Send = (signal: AbortSignal) => Promise<number>
export type Client = Record<'read' | 'list' | 'write' | 'mix' | 'login', Send> & {
  /** Whether /health says degraded. */
  degraded(): Promise<boolean>
  close(): Promise<void>
}

/** The requests that the parts below are made of; each returns its status. */
export function createClient({ url, token, notePath, credentials }: Server, connections = 64): Client {
  const pool = connect(url, connections, 10_000)
  const send = (request: Ask) => async (signal: AbortSignal) => (await ask(pool, { ...request, signal })).status
  const read = send({ method: 'GET', path: notePath, token })
  const list = send({ method: 'GET', path: '/data/notes', token })
  const write = send({ method: 'POST', path: '/data/notes', token, body: note })
  const fixedMix = Array.from({ length: 20 }, (_, i) => (i < 14 ? read : i < 17 ? list : write))
  let next = 0
  return {
    read,
    list,
    write,
    // 7 is prime to 20: every kind of request comes at its share, and never in a block.
    mix: (signal) => (fixedMix[(next++ * 7) % 20] ?? read)(signal),
    login: send({ method: 'POST', path: '/auth/login', body: credentials }),
    async degraded() {
      const { text } = await ask(pool, { method: 'GET', path: '/health' })
      return (JSON.parse(text) as { degraded: boolean }).degraded
    },
    close: () => pool.destroy(),
  }
}

export type Figures = {
  due: number
  dropped: number
  statuses: Record<string, number>
  latency_ms: Record<'p50' | 'p95' | 'p99' | 'max', number>
}

/** Requests at even distances for so long, whatever the answers do; latencies count from when each was due. */
export async function evenly(send: Send, rate: number, seconds: number): Promise<Figures & { results: Result[] }> {
  const load = openLoop({ next: () => ({ kind: 'read', send: async (signal) => ({ status: await send(signal) }) }) })
  load.setRate(rate)
  await sleep(seconds * 1000)
  await load.stop()
  const { results, dropped } = load
  const waits = sorted(results.map(latencyOf))
  const at = (share: number) => Math.round(quantile(waits, share) * 100) / 100
  return {
    due: results.length + dropped.length,
    dropped: dropped.length,
    statuses: statusesOf(results),
    latency_ms: { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) },
    results,
  }
}

/** What cannot be in a round that counts: another answer than the expected one, or arrivals that were never sent. */
export function failures({ statuses, dropped }: Figures, expected: string[]): number {
  return Object.entries(statuses).reduce((sum, [status, n]) => sum + (expected.includes(status) ? 0 : n), dropped)
}
