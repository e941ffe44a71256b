import type { Meter } from '@opentelemetry/api'
import type { Logger } from 'pino'
import { type Connection, isFresh, openConnection, type Settings, type Statement } from './connection.ts'
import { DatabaseUnavailable, inspectFile, type Reason, reasonOf, reasons } from './faults.ts'

const tickMs = 200 // an outage without traffic is noticed within this time
const retryMs = 100 // and its end within this

export type State = { available: boolean; reason: Reason | null; since: Date }

export type Gate = {
  /** What the last use or the last tick found; asking touches no file. */
  state(): State
  /** Runs a reading statement at once. Throws DatabaseUnavailable. */
  read(statement: Statement): unknown[]
  /** Runs a writing statement; resolves after COMMIT. Rejects with DatabaseUnavailable or a constraint's SqliteError. */
  write(statement: Statement): Promise<unknown[]>
  close(): void
}

type Waiting = Statement & { resolve(rows: unknown[]): void; reject(error: unknown): void }

/** Does the work in a later turn of the event loop; writes that come until then share its fsync. */
type Defer = (work: () => void) => void

/**
 * The one way to the database. It holds one connection, checks the file before every use, refuses at once what cannot
 * work, and finds its way back by itself when the file can be used again.
 */
export function openGate(path: string, settings: Settings, log: Logger, meter: Meter, defer: Defer): Gate {
  const errors = meter.createCounter('db.errors', { description: 'Uses of the database that were refused or failed' })
  for (const reason of reasons) errors.add(0, { reason })
  const batchSize = meter.createHistogram('db.commit.batch_size', {
    description: 'Writes that shared one commit',
    advice: { explicitBucketBoundaries: [1, 2, 4, 8, 16, 32, 64, 128] },
  })
  batchSize.record(Number.NaN) // opens the series at 0 without counting anything
  meter
    .createObservableGauge('db.available', { description: '1 while the database can be read and written, else 0' })
    .addCallback((gauge) => gauge.observe(state.available ? 1 : 0))

  let connection: Connection | undefined
  let state: State = { available: true, reason: null, since: new Date() }
  let waiting: Waiting[] = []
  let mayCreate = true // until there was one: a file that vanishes was lost, and an empty one would hide that
  let closed = false
  let timer: NodeJS.Timeout | undefined

  function degrade(reason: Reason, error?: unknown) {
    // Under a lock or on a full disk the connection is sound, and what can still be done shall be done.
    if (reason !== 'locked' && reason !== 'full') disconnect()
    if (!state.available && state.reason === reason) return
    if (state.available) schedule(retryMs)
    state = { available: false, reason, since: state.available ? new Date() : state.since }
    log.error({ db_unavailable: true, reason, err: error }, 'database unavailable')
  }

  function recover() {
    const outage_ms = Date.now() - state.since.getTime()
    state = { available: true, reason: null, since: new Date() }
    log.info({ db_unavailable: false, outage_ms }, 'database available')
  }

  function disconnect() {
    try {
      connection?.close()
    } catch (error) {
      log.warn({ err: error }, 'closing the database failed')
    }
    connection = undefined
  }

  // `uses` is how many requests the work is for: they are what db_errors_total counts.
  function use<T>(uses: number, work: (connection: Connection) => T): T {
    try {
      if (!connection) throw new DatabaseUnavailable(state.reason ?? 'cannot_open') // as the last tick found it
      const fault = inspectFile(path, connection.opened)
      if (fault) throw new DatabaseUnavailable(fault)
      return work(connection)
    } catch (error) {
      const reason = reasonOf(error)
      if (!reason) throw error
      errors.add(uses, { reason })
      degrade(reason)
      throw new DatabaseUnavailable(reason)
    }
  }

  function tick() {
    try {
      if (mayCreate) mayCreate = isFresh(path)
      connection ??= openConnection(path, settings, mayCreate)
      mayCreate = false
      if (state.available) return use(0, (open) => open.probe())
      use(0, (open) => open.heartbeat())
      recover()
    } catch (error) {
      const reason = reasonOf(error)
      degrade(reason ?? 'corrupt', reason ? undefined : error)
    } finally {
      schedule(state.available ? tickMs : retryMs)
    }
  }

  function schedule(ms: number) {
    clearTimeout(timer)
    if (!closed) timer = setTimeout(tick, ms)
  }

  function commit() {
    const batch = waiting
    waiting = []
    if (batch.length === 0) return // close() was before
    try {
      const results = use(batch.length, (open) => open.transaction(batch))
      batchSize.record(batch.length)
      results.forEach((result, i) => {
        if (result instanceof Error) batch[i]?.reject(result)
        else batch[i]?.resolve(result)
      })
    } catch (error) {
      for (const write of batch) write.reject(error)
    }
  }

  tick()

  return {
    state: () => state,
    read: ({ sql, parameters }) => use(1, (open) => open.run(sql, parameters)),
    write: ({ sql, parameters }) =>
      new Promise((resolve, reject) => {
        // Group commit: one fsync for all that have come until then.
        if (waiting.push({ sql, parameters, resolve, reject }) === 1) defer(commit)
      }),
    close() {
      closed = true
      clearTimeout(timer)
      if (waiting.length > 0) commit()
      disconnect()
    },
  }
}
