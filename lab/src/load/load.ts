import pLimit from 'p-limit'
import { BalancedPool, type Dispatcher, type Pool } from 'undici'
import { type Answer, type Ask, ask, connect } from '../api-client.ts'
import { now, sleep } from '../clock.ts'
import { UserError } from '../errors.ts'
import type { Result } from './figures.ts'
import { type Note, noteAt, notesToRead, requestAt } from './mix.ts'
import { type Manner, openLoop, type Request, seededRandom } from './open-loop.ts'

/** The API that is loaded, and the user who sends the requests. */
export type LoadTarget = {
  url: string
  /** Other processes on the same database: the load takes turns between all of them. */
  others?: string[]
  username: string
  password: string
  /** Where a page shows the requests: follows each one that `next` returns. */
  follow?: (next: (due: number) => Request) => (due: number) => Request
}

/** Data requests per second, and logins per second beside them. Only the lab's own load knows another manner than the default. */
export type LoadPhase = Manner & { rate: number; logins?: number; seconds: number }

/** A running load: what the runner needs of it, whichever generator makes it. Moments are those of clock.ts. */
export type Load = {
  /** The name of the generator, for the journal. */
  generator: string
  /** What its random arrivals follow from. */
  seed?: number
  /** When its first phase began. */
  startedAt: number
  /** In order of completion. */
  results: Result[]
  /** When the arrivals were due that were never sent. */
  dropped: number[]
  /** How many requests may wait for their answer at a time: what is due beyond that is dropped. */
  maxWaiting: (phase: LoadPhase) => number
  /** Every note whose 201 arrived: id and title. */
  acknowledged: Map<string, string>
  /** The id of every request that was answered 503. */
  refused: string[]
  /** The requests without an answer yet, where the generator knows them. */
  waiting?: () => Result[]
  /** A phase begins now. */
  enter: (phase: LoadPhase) => void
  /** Ends the arrivals and waits for the answers that are still missing. */
  stop: () => Promise<void>
  /** Ends everything at once. */
  abandon: () => Promise<void>
}

export type StartLoad = (target: LoadTarget, token: string, phases: LoadPhase[], seed?: number) => Promise<Load>

/** The lab's own load: the mix of data requests, and logins beside it in phases that have some. */
export async function startOwnLoad(target: LoadTarget, token: string, phases: LoadPhase[], seed = 1): Promise<Load> {
  const { url, follow = (next) => next } = target
  // Enough connections for a stall to meet many waiting clients at once, as it would in real life; more would only
  // test the listen queue. Nearly all are unused while answers take a millisecond.
  const inTurn = { connections: 64, headersTimeout: 10_000, bodyTimeout: 10_000 }
  const pool = target.others?.length ? new BalancedPool([url, ...target.others], inTurn) : connect(url, 128, 10_000)
  // Logins wait for each other's hashes: ten seconds of them may be under way, and data requests are not behind them.
  const loginPool = connect(url, 512, 10_000)
  const { next, acknowledged, refused } = await startMix(pool, token)
  const login = loginOf(loginPool, target)
  // Ten seconds of arrivals may wait before one is dropped: clients that wait longer give up.
  const maxInFlight = Math.max(2_000, ...phases.map(({ rate }) => 10 * rate))
  const end = new AbortController()
  const shared = { results: [] as Result[], dropped: [] as number[], end: end.signal }
  const data = openLoop({ next: follow(next), maxInFlight, random: seededRandom(seed), ...shared })
  const logins = openLoop({ next: follow(() => login), random: seededRandom(seed + 1_000_000), ...shared })
  const destroy = () => Promise.all([pool.destroy(), loginPool.destroy()])
  return {
    generator: 'open loop (undici)',
    seed,
    startedAt: now(),
    ...shared,
    maxWaiting: () => maxInFlight,
    acknowledged,
    refused,
    waiting: () => [...data.waiting, ...logins.waiting],
    enter(phase) {
      data.setRate(phase.rate, phase)
      logins.setRate(phase.logins ?? 0, phase)
    },
    async stop() {
      await Promise.all([data.stop(), logins.stop()])
      await destroy()
    },
    async abandon() {
      data.setRate(0)
      logins.setRate(0)
      end.abort()
      await destroy()
    },
  }
}

export function loginOf(pool: Pool, { username, password }: LoadTarget): Request {
  const logIn = { method: 'POST', path: '/auth/login', body: { username, password } } as const
  return { kind: 'login', send: (signal, headers) => ask(pool, { ...logIn, headers, signal }) }
}

/**
 * Writes the notes to read and returns the mix of requests; `acknowledged` collects every note whose 201 arrived, `refused` the id
 * of every request that was answered 503. Throws a UserError when no note can be written.
 */
export async function startMix(pool: Dispatcher, token: string) {
  const acknowledged = new Map<string, string>()

  const refused: string[] = []

  async function send(request: Ask): Promise<Answer> {
    const answer = await ask(pool, request)
    if (answer.status === 503) refused.push(String(answer.headers['x-request-id']))
    return answer
  }

  async function write(note: Note, rest: Pick<Ask, 'signal' | 'headers'> = {}): Promise<Answer> {
    const answer = await send({ method: 'POST', path: '/data/notes', token, body: note, ...rest })
    if (answer.status === 201) acknowledged.set((JSON.parse(answer.text) as { id: string }).id, note.title)
    return answer
  }

  for (let i = 0; i < notesToRead; i++) await write(noteAt(i))
  const ids = [...acknowledged.keys()]
  if (ids.length === 0) throw new UserError('The API takes no note: is its database away?')
  let number = 0

  function next(): Request {
    const { kind, method, path, note } = requestAt(number++, ids)
    if (note) return { kind, send: (signal, headers) => write(note, { signal, headers }) }
    return { kind, send: (signal, headers) => send({ method, path, token, headers, signal }) }
  }
  return { next, acknowledged, refused }
}

/** A refusal is no loss: a second process on the same file may hold its lock for a moment. */
const [readTries, retryMs] = [20, 50]

/** Reads every acknowledged note; returns the ids of those that are missing, changed or refused for a second. */
export async function lost(pool: Pool, token: string, acknowledged: Map<string, string>, signal?: AbortSignal) {
  const isThere = async ([id, title]: [string, string]) => {
    const read = () => ask(pool, { method: 'GET', path: `/data/notes/${id}`, token, signal })
    let found = await read()
    for (let tries = 1; found.status === 503 && tries < readTries; tries++) {
      await sleep(retryMs, signal)
      found = await read()
    }
    return found.status === 200 && (JSON.parse(found.text) as { title: string }).title === title
  }
  const there = await pLimit(16).map(acknowledged, isThere)
  return [...acknowledged.keys()].filter((_, i) => !there[i])
}
