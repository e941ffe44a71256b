// A PostgreSQL of one's own: what is installed on this machine, on a temporary folder and a free port.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, chownSync, constants, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runSql } from '../faults/postgres.ts'

export type PostgresServer = Awaited<ReturnType<typeof startPostgres>>

// PostgreSQL refuses to run as root.
const asUser = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
const folders = ['/usr/lib/postgresql/*/bin', '/opt/homebrew/opt/postgresql*/bin', '/usr/local/opt/postgresql*/bin']

/** Returns the folder of PostgreSQL's programs, undefined if none is installed: the PATH first, then the newest version. */
export function findPostgres(patterns = folders): string | undefined {
  const numbers = new Intl.Collator('en', { numeric: true })
  const usual = patterns.flatMap((pattern) => globSync(pattern).sort(numbers.compare).reverse())
  return [...(process.env.PATH ?? '').split(delimiter), ...usual].find((folder) => {
    try {
      for (const program of ['initdb', 'pg_ctl', 'postgres']) accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
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
  let server: ChildProcess | undefined

  async function start() {
    if (server?.exitCode === null) return // it runs already
    const words = ['-D', data, '-h', '127.0.0.1', '-p', String(port), '-c', 'unix_socket_directories=']
    server = spawn(join(bin, 'postgres'), words, { ...options, stdio: 'ignore' })
    server.unref() // this process ends it, and does not wait for it
    for (const end = Date.now() + 30_000; !isReady(server.pid); await sleep(20)) {
      if (Date.now() > end || server.exitCode !== null) throw new Error('PostgreSQL does not start')
    }
  }

  // The server writes its state into this file: the process on line 1, the state on line 8.
  function isReady(pid: number | undefined) {
    const file = join(data, 'postmaster.pid')
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
    return lines[0] === String(pid) && lines[7]?.trim() === 'ready'
  }

  /** `immediate` is a crash: nothing is finished, the next start recovers from the log. */
  async function stop(mode: 'fast' | 'immediate') {
    if (!server || server.exitCode !== null) return
    server.ref()
    const exited = once(server, 'exit')
    server.kill(mode === 'immediate' ? 'SIGQUIT' : 'SIGINT')
    await exited
  }

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
