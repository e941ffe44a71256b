import { once } from 'node:events'
import { rmSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { collectDefaultMetrics } from 'prom-client'
import { aborted } from '../clock.ts'
import { reasonOf, UserError } from '../errors.ts'
import { recoverLeftovers } from '../faults/rollback.ts'
import type { StackOptions } from '../targets/target.ts'
import { createControl, createPages, createPrometheusProxy } from './http.ts'
import { createLive } from './live.ts'
import { livePage } from './page.ts'

type ServeOptions = StackOptions & {
  /** Who has it may act on the page. */
  token: string
  slo: string
  /** The file in which it notes what happens. */
  record: string
  /** The Unix socket for commands: no web page can reach it. */
  socket: string
  host: string
  port: number
  /** Its address, and the port on which it is shown read-only. */
  prometheus: { url: string; port: number }
  stop: AbortSignal
}

/** The lab's long-running process: holds faults and rolls them back, watches the API from outside. Ends with the signal. */
export async function serve(options: ServeOptions): Promise<number> {
  const { database, socket, host, port, prometheus, stop } = options
  // A lab that was killed may have left its fault behind.
  await recoverLeftovers(database, options.server).then(
    (did) => console.log(did ?? 'No fault is on record.'),
    (error) => console.error(error instanceof UserError ? error.message : error),
  )
  collectDefaultMetrics()
  const target = { ...options, mode: 'stack' } as const
  const live = createLive({ ...options, target })
  const { faults, activity, recorder } = live
  const status = () => ({ fault: faults.active(), ...activity.current(), outside: recorder.outside })

  const control = createControl({ faults, activity, recorder, status })
  const pages = createPages(status, livePage(live, options.token))
  const proxy = createPrometheusProxy(prometheus.url)
  try {
    await listen(control, { path: socket })
    await listen(pages, { host, port })
    await listen(proxy, { host, port: prometheus.port })
    console.log(`The lab watches ${options.url} and listens on ${(pages.address() as AddressInfo).port}.`)
    await aborted(stop)
    // The database first, whatever else takes its time.
    console.log(`Ending: ${await faults.undoAll()}`)
    return 0
  } finally {
    for (const server of [control, pages, proxy]) {
      server.close()
      server.closeAllConnections()
    }
    await live.close()
  }
}

type Where = { path: string } | { host: string; port: number }

/** `orAnother`: a port that is taken may be replaced by any free one. */
export async function listen(server: Server, where: Where, orAnother = false): Promise<void> {
  // A socket that a killed lab left behind would be in the way.
  if ('path' in where) rmSync(where.path, { force: true })
  try {
    await once(server.listen(where), 'listening')
  } catch (error) {
    if (orAnother && reasonOf(error) === 'EADDRINUSE') return listen(server, { ...where, port: 0 })
    const name = 'path' in where ? where.path : `${where.host}:${where.port}`
    throw new UserError(`The lab cannot listen on ${name} (${reasonOf(error)}).`)
  }
}
