import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

const root = join(import.meta.dirname, '..', '..', '..')
// What a run or an installation leaves in the root; folders of the same name further in are code.
const leftOut = new Set(['node_modules', '.git', '.env', 'runs', 'data'].map((name) => join(root, name)))

/** Why the stack cannot be tested here; undefined when it can. Grafana is left out: its image cannot be had everywhere. */
export function noStack(): string | undefined {
  const { error, status } = spawnSync('docker', ['info'], { stdio: 'ignore' })
  if (error) return 'Docker is not installed'
  if (status !== 0) return 'Docker does not answer'
  return undefined
}

export type Done = { code: number | null; out: string }
export type Running = { ended: Promise<Done>; out: () => string; pid: number }

/** A checkout of its own with a project name and ports of its own, as another user of this machine would have it. */
export async function checkout() {
  const folder = mkdtempSync(join(tmpdir(), 'lab-stack-'))
  cpSync(root, folder, { recursive: true, filter: (source) => !leftOut.has(source) })
  const names = ['API_PORT', 'METRICS_PORT', 'LAB_PORT', 'PROMETHEUS_PORT']
  const ports = Object.fromEntries(await freePorts(names))
  const project = basename(folder).toLowerCase()
  const settings = { COMPOSE_PROJECT_NAME: project, ...ports }
  const { HOME, PATH, DOCKER_HOST, DOCKER_CONTEXT } = process.env
  const env = { HOME, PATH, DOCKER_HOST, DOCKER_CONTEXT, SERVICES: 'api lab prometheus', ...settings }

  /** Starts `make` with these words, in this checkout. */
  function start(...words: string[]): Running {
    // Without a limit a command that hangs would hold up everything that follows.
    const child = spawn('make', words, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 600_000 })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (text += data))
    const ended = new Promise<Done>((resolve) => child.once('close', (code) => resolve({ code, out: text })))
    return { ended, out: () => text, pid: child.pid ?? -1 }
  }

  function docker(...words: string[]): string {
    const { stdout, stderr, status } = spawnSync('docker', words, {
      cwd: folder,
      env,
      encoding: 'utf8',
      maxBuffer: 2 ** 29,
    })
    if (status !== 0) throw new Error(`docker ${words.join(' ')}: ${stderr}`)
    return stdout.trim()
  }

  const url = (name: string) => `http://127.0.0.1:${ports[name]}`
  const setting = (name: string) =>
    new RegExp(`^${name}=(.*)$`, 'm').exec(readFileSync(join(folder, '.env'), 'utf8'))?.[1] ?? ''
  return {
    folder,
    project,
    ports,
    /** What the first `make up` gets: make takes no setting from the environment. */
    given: Object.entries(settings).map(([name, value]) => `${name}=${value}`),
    start,
    make: (...words: string[]) => start(...words).ended,
    docker,
    url,
    setting,
    /** The value of an instant query, the largest where there are several series; undefined where there is none. */
    async prometheus(query: string): Promise<number | undefined> {
      const answer = await fetch(`${url('PROMETHEUS_PORT')}/api/v1/query?query=${encodeURIComponent(query)}`)
      const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
      return data.result.length === 0 ? undefined : Math.max(...data.result.map(({ value }) => Number(value[1])))
    },
    async login(): Promise<string> {
      const [username, password] = setting('LAB_USERS').split(/[:,]/)
      const answer = await fetch(`${url('API_PORT')}/auth/login`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ username, password }),
      })
      return ((await answer.json()) as { token: string }).token
    },
    /** Removes everything that this checkout started or made. */
    remove() {
      spawnSync('make', ['clean'], { cwd: folder, env, stdio: 'ignore' })
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type Checkout = Awaited<ReturnType<typeof checkout>>

// Below the ports that the system lends to outgoing connections, which would take one while its service is down.
async function freePorts(names: string[]): Promise<[string, string][]> {
  const found: [string, string][] = []
  for (let port = 20_000 + (process.pid % 10_000); found.length < names.length; port++) {
    const server = createServer().listen(port, '127.0.0.1')
    const isFree = await new Promise((resolve) => {
      server.once('listening', () => resolve(true))
      server.once('error', () => resolve(false))
    })
    server.close()
    if (isFree) found.push([names[found.length] ?? '', String(port)])
  }
  return found
}
