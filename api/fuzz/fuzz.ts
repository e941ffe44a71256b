import assert from 'node:assert/strict'
import fc from 'fast-check'
import jsonwebtoken from 'jsonwebtoken'
import { type Api, startApi } from '../test/start-api.ts'
import { exchange } from './connection.ts'
import { readContract } from './contract.ts'
import { judge } from './judge.ts'
import { bytesOf, type Sequence, sequences } from './requests.ts'

export type Report = {
  requests: number
  connections: number
  statuses: Record<string, number>
  series: number
  mebibytes: [number, number]
}

const mostGrowth = 128 // MiB that the process may grow by: garbage that was not worth collecting yet, and SQLite's pages

/**
 * Sends at least so many generated requests to a real API of its own. Throws at the first answer, crash or growth that
 * should not be, with the seed and the shortest sequence that shows it.
 */
export async function fuzz(t: { after(clean: () => void): void }, least: number, seed: number): Promise<Report> {
  const api = await startApi(t, { LOGIN_ATTEMPTS_PER_MINUTE: '10' })
  const contract = readContract(await (await api.fetch('/openapi.json')).text())
  const report: Report = { requests: 0, connections: 0, statuses: {}, series: 0, mebibytes: [0, 0] }
  const secrets = [String(api.env.JWT_SECRET), String(api.env.LAB_USERS?.match(/demo:(\w+)/)?.[1])]
  const token = await makeToken(api)

  async function tryOne(sequence: Sequence) {
    const whole = sequence.rest === '' && sequence.requests.every(({ sound }) => sound)
    const methods = sequence.requests.map(({ method }) => method)
    const answers = await exchange(api.url, bytesOf(sequence), methods, whole)
    report.connections++
    report.requests += sequence.requests.length
    for (const { status } of answers) report.statuses[status] = (report.statuses[status] ?? 0) + 1
    judge(contract, sequence, answers)
    assert.equal(api.child.exitCode, null, 'the API runs')
  }

  for (let part = 0; report.requests < least; part++) {
    const notes = await makeNotes(api, token) // others were deleted by now
    const holds = fc.asyncProperty(sequences({ token, password: String(secrets[1]), notes }), tryOne)
    const { failed, counterexample, errorInstance } = await fc.check(holds, { seed: seed + part, numRuns: least / 20 })
    if (failed) {
      const bytes = counterexample ? bytesOf(counterexample[0]).toString('latin1') : ''
      throw new Error(`${(errorInstance as Error).message}\n\nThe shortest bytes that show it:\n${shorten(bytes)}`)
    }
    const page = await samples(api)
    const mebibytes = Math.round((page.get('process_resident_memory_bytes') ?? 0) / 2 ** 20)
    if (part === 0) report.mebibytes[0] = mebibytes // of an API that has done some work
    report.mebibytes[1] = mebibytes
  }
  assert.ok(report.mebibytes[1] - report.mebibytes[0] < mostGrowth, `memory grew: ${report.mebibytes.join(' to ')} MiB`)
  report.series = assertSeries(await samples(api), contract.operations)
  assertLog(api, [...secrets, String(token.split('.')[2])])
  return report
}

const shorten = (bytes: string) => bytes.replaceAll(/(.{1,20}?)\1{20,}/gs, '$1…$1')

/** Issued in the future, so that no generated logout ends it. */
async function makeToken(api: Api) {
  const { sub } = jsonwebtoken.decode(await api.login()) as { sub: string }
  const iat = Math.floor(Date.now() / 1000) + 86_400
  return jsonwebtoken.sign({ sub, iat }, String(api.env.JWT_SECRET), { expiresIn: 86_400 })
}

async function makeNotes(api: Api, token: string) {
  const notes: string[] = []
  for (const title of ['first', 'second', 'third']) {
    const made = await api.fetch('/data/notes', { method: 'POST', token, json: { title, body: '' } })
    notes.push(((await made.json()) as { id: string }).id)
  }
  return notes
}

async function samples(api: Api) {
  const page = await (await fetch(api.metricsUrl)).text()
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

/** Every series of requests is a documented answer, a client that hung up (499), or one of the few `unmatched` ones. */
function assertSeries(page: Map<string, number>, operations: { method: string; path: string; responses: object }[]) {
  for (const name of page.keys()) {
    if (!name.startsWith('http_server_request_duration_seconds_count')) continue
    const [, method, route = '', status = ''] = /method="(.*?)".*route="(.*?)".*status_code="(.*?)"/.exec(name) ?? []
    const operation = operations.find(
      (operation) => operation.method === method && operation.path.replaceAll(/{(\w+)}/g, ':$1') === route,
    )
    const known = operation ? [...Object.keys(operation.responses), '499'] : ['400', '404', '405', '499']
    assert.ok(operation || (method === '_OTHER' && route === 'unmatched'), name)
    assert.ok(known.includes(status), name)
  }
  return page.size
}

function assertLog({ logs }: Api, secrets: string[]) {
  for (const line of logs) {
    const text = JSON.stringify(line)
    assert.ok(!['error', 'fatal'].includes(String(line.level)), text)
    assert.ok(!secrets.some((secret) => text.includes(secret)), 'no secret is in the log')
  }
}
