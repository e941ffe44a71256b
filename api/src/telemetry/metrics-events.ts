import type { Config } from '../config.ts'
import { DatabaseUnavailable, type Db, type MetricsEvent } from '../database/database.ts'

const keptMs = 3_600_000

export type RecordEvent = (method: string, route: string, status: number, ms: number) => void
type Store = { add(rows: MetricsEvent[]): Promise<unknown>; list(): Promise<MetricsEvent[]> }

/**
 * Keeps one row per second and class of routes for an hour, in memory or in the API's own database: there it outlives the
 * process, but of an outage of this database it knows nothing. Undefined for `off`.
 */
export function keepEvents(where: Config['METRICS_EVENTS'], db: Db) {
  if (where === 'off') return undefined
  const store = where === 'memory' ? inMemory() : inTable(db)
  let second = new Map<string, { ms: number[]; errors: number }>()
  let time = new Date().toISOString()

  const record: RecordEvent = (method, route, status, ms) => {
    const route_class = classOf(method, route)
    const requests = second.get(route_class) ?? { ms: [], errors: 0 }
    second.set(route_class, requests)
    requests.ms.push(ms)
    if (status >= 500) requests.errors++
  }

  setInterval(async () => {
    const rows = [...second].map(([route_class, { ms, errors }]) => {
      ms.sort((a, b) => a - b)
      const quantile = (q: number) => Math.round((ms[Math.ceil(q * ms.length) - 1] ?? 0) * 1000) / 1000
      return { time, route_class, requests: ms.length, errors, p50_ms: quantile(0.5), p95_ms: quantile(0.95) }
    })
    second = new Map()
    time = new Date().toISOString()
    if (rows.length === 0) return
    await store.add(rows).catch((error: unknown) => {
      if (!(error instanceof DatabaseUnavailable)) throw error // otherwise lost on purpose: the comparison shows this
    })
  }, 1000).unref()

  return { record, list: store.list }
}

function classOf(method: string, route: string) {
  if (route.startsWith('/data/')) return method === 'GET' ? 'read' : 'write'
  return route.startsWith('/auth/') ? 'auth' : 'other'
}

const oldest = () => new Date(Date.now() - keptMs).toISOString()

function inMemory(): Store {
  const kept: MetricsEvent[] = []
  return {
    async add(rows) {
      kept.push(...rows)
      for (const limit = oldest(); kept[0] && kept[0].time < limit; ) kept.shift()
    },
    list: async () => kept,
  }
}

function inTable(db: Db): Store {
  return {
    add: (rows) => {
      const insert = db.insertInto('metrics_events').values(rows)
      return Promise.all([
        // A clock may be set back, and two processes may share the file: of two rows for one moment the first stays.
        insert.onConflict((conflict) => conflict.doNothing()).execute(),
        db.deleteFrom('metrics_events').where('time', '<', oldest()).execute(),
      ])
    },
    list: () => db.selectFrom('metrics_events').selectAll().orderBy('time').orderBy('route_class').execute(),
  }
}
