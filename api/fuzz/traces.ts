import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Api } from '../test/start-api.ts'
import type { Operation } from './contract.ts'

/** Each series of the metrics page and its value. */
export type Page = Map<string, number>

/** For NODE_OPTIONS: garbage is collected every half second, so that what the page calls used is what is needed. */
export const collectGarbage = '--expose-gc --import=data:text/javascript,setInterval(gc,500).unref()'

export async function readPage({ metricsUrl }: Api): Promise<Page> {
  const text = await (await fetch(metricsUrl)).text()
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

/** MiB that are still needed once all garbage is collected: JavaScript's heap, and the buffers outside of it. */
export async function memoryOf(api: Api): Promise<number> {
  await sleep(1_100)
  const page = await readPage(api)
  const bytes = (page.get('nodejs_heap_size_used_bytes') ?? 0) + (page.get('nodejs_external_memory_bytes') ?? 0)
  return Math.round((bytes / 2 ** 20) * 10) / 10
}

const requests = 'http_server_request_duration_seconds'

/**
 * Every series was there before the first request, but for kinds of garbage collection, clients that hung up (499) and
 * the few answers that no route returns. And every operation has succeeded: nothing that is documented was left out.
 */
export function assertSeries(before: Page, after: Page, operations: Operation[]) {
  for (const name of after.keys()) {
    if (before.has(name) || name.startsWith('nodejs_gc_duration_seconds')) continue
    const [, method, route, status = ''] = /method="(.*?)".*route="(.*?)".*status_code="(.*?)"/.exec(name) ?? []
    const unmatched = method === '_OTHER' && route === 'unmatched' && ['400', '404', '405', '499'].includes(status)
    assert.ok(name.startsWith(requests) && (unmatched || status === '499'), `no new series: ${name}`)
  }
  for (const { method, path, responses } of operations) {
    const route = `http_request_method="${method}",http_route="${path.replaceAll(/{(\w+)}/g, ':$1')}"`
    const success = Object.keys(responses).find((status) => status.startsWith('2'))
    const count = after.get(`${requests}_count{${route},http_response_status_code="${success}",url_scheme="http"}`)
    assert.ok(Number(count) > 0, `${method} ${path} succeeded once`)
  }
}

/** No error and no secret stands in the log. */
export function assertLog({ logs }: Api, secrets: string[]) {
  for (const line of logs) {
    const text = JSON.stringify(line)
    assert.ok(!['error', 'fatal'].includes(String(line.level)), text)
    assert.ok(!secrets.some((secret) => text.includes(secret)), 'no secret is in the log')
  }
}
