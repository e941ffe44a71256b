// A PostgreSQL of one's own: what is installed on this machine, on a temporary folder and a free port.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { runSql } from '../faults/postgres.ts'

export type PostgresServer = Awaited<ReturnType<typeof startPostgres>>

// PostgreSQL refuses to run as root.
const asUser = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
const folders = ['/usr/lib/postgresql/*/bin', '/opt/homebrew/opt/postgresql*/bin', '/usr/local/opt/postgresql*/bin']

/** Returns the folder of PostgreSQL's programs, undefined if none is installed: the PATH first, then the newest version. */
export function findPostgres(patterns = folders): string | undefined {
  const numbers = new Intl.Collator('en', { numeric: true })
  const usual = patterns.flatMap((pattern) => globSync(pattern).sort(numbers.compare).reverse())
  const places = [...(process.env.PATH ?? '').split(delimiter), ...usual]
  return places.find((folder) => ['initdb', 'pg_ctl'].every((program) => existsSync(join(folder, program))))
}

/**
 * Creates a cluster and starts it. As in the stack the role `notes` is the API's and owns the database `notes`; the lab is the
 * superuser `postgres` here. Connections from this machine need no password.
 */
export async function startPostgres(bin: string, place = tmpdir()) {
  const folder = mkdtempSync(join(place, 'postgres-'))
  if (asUser.uid !== undefined) chownSync(folder, asUser.uid, asUser.gid)
  const options = { cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C' }, ...asUser }
  const data = join(folder, 'data')
  const words = ['-D', data, '-U', 'postgres', '-E', 'UTF8', '--locale=C', '--auth=trust', '--no-sync']
  execFileSync(join(bin, 'initdb'), words, { ...options, stdio: ['ignore', 'ignore', 'inherit'] })
  const port = await freePort()

  /** Returns whether pg_ctl succeeded; it waits until the server has started, or has ended. */
  async function control(...words: string[]): Promise<boolean> {
    const child = spawn(join(bin, 'pg_ctl'), [...words, '-w', '-D', data], { ...options, stdio: 'ignore' })
    return (await once(child, 'exit'))[0] === 0
  }

  async function start() {
    const settings = `-h 127.0.0.1 -p ${port} -c unix_socket_directories=`
    const isStarted = await control('start', '-l', join(folder, 'log'), '-o', settings)
    // One that runs is not started twice.
    if (!isStarted && !(await control('status'))) throw new Error('PostgreSQL does not start')
  }

  /** `immediate` is a crash: nothing is finished, the next start recovers from the log. */
  const stop = (mode: 'fast' | 'immediate') => control('stop', '-m', mode)

  function remove() {
    // Waits for all processes of the server: they would write into the folder while it is removed.
    spawnSync(join(bin, 'pg_ctl'), ['stop', '-D', data, '-m', 'immediate', '-w'], { ...options, stdio: 'ignore' })
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  }

  const url = (user: string, database: string) => `postgres://${user}@127.0.0.1:${port}/${database}`
  try {
    await start()
    await runSql(url('postgres', 'postgres'), 'CREATE ROLE notes LOGIN', 'CREATE DATABASE notes OWNER notes')
  } catch (error) {
    remove()
    throw error
  }
  return { url, start, stop, remove }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
