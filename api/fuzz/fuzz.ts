import assert from 'node:assert/strict'
import fc from 'fast-check'
import jsonwebtoken from 'jsonwebtoken'
import { type Api, startApi } from '../test/start-api.ts'
import { bytesFrom, exchange } from './connection.ts'
import { readContract } from './contract.ts'
import { judge } from './judge.ts'
import { bytesOf, type Sequence, sequences } from './requests.ts'
import { assertLog, assertSeries, collectGarbage, memoryOf, readPage } from './traces.ts'

export type Report = {
  requests: number
  connections: number
  statuses: Record<string, number>
  series: number
  /** What the API holds, after a tenth of the requests and at the end. */
  mebibytes: [number, number]
}

const mostGrowth = 3 // MiB

/**
 * Sends at least so many generated requests to a real API of its own. Throws at the first answer, crash or growth that
 * should not be, with the seed and the shortest sequence that shows it.
 */
export async function fuzz(t: { after(clean: () => void): void }, least: number, seed: number): Promise<Report> {
  const api = await startApi(t, { LOGIN_ATTEMPTS_PER_MINUTE: '10', NODE_OPTIONS: collectGarbage })
  const page = await readPage(api)
  const contract = readContract(await (await api.fetch('/openapi.json')).text())
  const report: Report = { requests: 0, connections: 0, statuses: {}, series: 0, mebibytes: [0, 0] }
  const secrets = [String(api.env.JWT_SECRET), String(api.env.LAB_USERS?.match(/demo:(\w+)/)?.[1])]
  const token = await makeToken(api)

  async function tryOne(sequence: Sequence) {
    const methods = sequence.requests.map(({ method }) => method)
    const answers = await exchange(api.url, bytesOf(sequence), methods, isWhole(sequence))
    report.connections++
    report.requests += sequence.requests.length
    for (const { status } of answers) report.statuses[status] = (report.statuses[status] ?? 0) + 1
    judge(contract, sequence, answers)
    assert.equal(api.child.exitCode, null, 'the API runs')
  }

  // The metrics page has a port of its own, which no document describes: it may refuse or hang up, but not fail.
  async function tryMetricsPort(sequence: Sequence) {
    const bytes = await bytesFrom(api.metricsUrl, bytesOf(sequence), isWhole(sequence))
    const statuses = [...bytes.toString('latin1').matchAll(/^HTTP\/1\.1 (\d+) /gm)].map(([, status]) => Number(status))
    for (const status of statuses) assert.ok([100, 200, 400, 404, 417, 431].includes(status), `metrics port: ${status}`)
  }

  for (let part = 0; report.requests < least; part++) {
    const notes = await makeNotes(api, token) // others were deleted by now
    const arbitrary = sequences({ token, password: String(secrets[1]), notes, operations: contract.operations })
    await hold(arbitrary, tryOne, seed + part, Math.ceil(least / 20))
    await hold(arbitrary, tryMetricsPort, seed + part, Math.ceil(least / 200))
    if (part === 0) report.mebibytes[0] = await memoryOf(api) // of an API that has done some work
  }
  report.mebibytes[1] = await memoryOf(api)
  const [first, last] = report.mebibytes
  assert.ok(last - first < mostGrowth, `memory grew: from ${first} to ${last} MiB`)
  const pageAfter = await readPage(api)
  assertSeries(page, pageAfter, contract.operations)
  report.series = pageAfter.size
  assertLog(api, [...secrets, String(token.split('.')[2])])
  return report
}

const isWhole = ({ requests, rest }: Sequence) => rest === '' && requests.every(({ sound }) => sound)

/** Throws the first fault with the shortest sequence that shows it. */
async function hold(
  arbitrary: fc.Arbitrary<Sequence>,
  tryOne: (sequence: Sequence) => Promise<void>,
  seed: number,
  numRuns: number,
) {
  const { failed, counterexample, errorInstance } = await fc.check(fc.asyncProperty(arbitrary, tryOne), {
    seed,
    numRuns,
  })
  if (!failed) return
  const bytes = counterexample ? bytesOf(counterexample[0]).toString('latin1') : ''
  throw new Error(`${(errorInstance as Error).message}\n\nThe shortest bytes that show it:\n${shorten(bytes)}`)
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
