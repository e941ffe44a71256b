import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, openSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { newFolder, program, startApi, until } from './start-api.ts'

const limit = { timeout: 150_000 } // only against hanging

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

type Running = { port: number; metricsPort: number; child: ChildProcess }

/** Starts the API with its standard output on this file descriptor. */
async function startOn(t: TestContext, output: number, more: Record<string, string> = {}): Promise<Running> {
  const [port, metricsPort, folder] = [await freePort(), await freePort(), newFolder(t)]
  const env = {
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    DATABASE_PATH: join(folder, 'notes.db'),
    JWT_SECRET: 'not a secret, but long enough for this test',
    LAB_USERS: 'demo:password',
    ...more,
  }
  const args = ['--max-old-space-size=96', ...program]
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env,
    stdio: ['ignore', output, 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  await until('the API serves', async () => {
    assert.equal(child.exitCode, null, 'the API has ended')
    return fetch(`http://127.0.0.1:${port}/health`).then(
      ({ ok }) => ok,
      () => false,
    )
  })
  return { port, metricsPort, child }
}

/** Requests on one connection; each is a log line. Resolves when all were answered. */
async function requests({ port }: { port: number }, count: number) {
  const socket = connect(port, '127.0.0.1')
  let answered = 0
  socket.setEncoding('latin1').on('data', (text: string) => {
    answered += text.split('HTTP/1.1 200').length - 1
  })
  const closed = once(socket, 'close')
  for (let sent = 0; sent < count; sent += 50) {
    socket.write('GET /health HTTP/1.1\r\nHost: api\r\n\r\n'.repeat(50))
    await until('the answers', () => answered >= sent + 50)
  }
  socket.destroy()
  await closed
}

async function dropped({ metricsPort }: Pick<Running, 'metricsPort'>): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
  return Number(/^log_lines_dropped_total (\d+)$/m.exec(page)?.[1])
}

const skipFull = process.platform !== 'linux' && 'only Linux has /dev/full'
test('on a standard output that takes nothing the API serves, counts what it drops, and ends on SIGTERM', {
  ...limit,
  skip: skipFull,
}, async (t) => {
  const api = await startOn(t, openSync('/dev/full', 'w'))
  await until('lines are dropped', async () => {
    await requests(api, 1000)
    return (await dropped(api)) > 0
  })
  const exited = once(api.child, 'exit')
  api.child.kill('SIGTERM')
  assert.deepEqual(await exited, [0, null])
})

const skipDisk = process.getuid?.() !== 0 && 'only root can mount a small disk'
// The exporter `console` writes to standard output by itself.
test('with spans on a standard output that takes nothing the API serves', { ...limit, skip: skipFull }, async (t) => {
  const spans = { OTEL_TRACES_EXPORTER: 'console', OTEL_BSP_SCHEDULE_DELAY: '20', OTEL_LOG_LEVEL: 'debug' }
  const api = await startOn(t, openSync('/dev/full', 'w'), spans)
  await until('lines are dropped', async () => {
    await requests(api, 1000)
    return (await dropped(api)) > 0
  })
  const exited = once(api.child, 'exit')
  api.child.kill('SIGTERM')
  assert.deepEqual(await exited, [0, null])
})

test('when a full disk has room again the log goes on, with whole lines', { ...limit, skip: skipDisk }, async (t) => {
  const disk = mkdtempSync(join(tmpdir(), 'api-test-disk-'))
  t.after(() => {
    spawnSync('umount', ['--lazy', disk])
    rmdirSync(disk)
  })
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk], { encoding: 'utf8' })
  if (status !== 0) return t.skip(`a small disk cannot be mounted here: ${stderr}`)
  const ballast = join(disk, 'ballast')
  appendFileSync(ballast, Buffer.alloc(32 * 1024))
  const log = join(disk, 'log')
  const api = await startOn(t, openSync(log, 'a'))
  await requests(api, 500) // more than fits
  rmSync(ballast)
  const before = readFileSync(log).length
  await until('the log has grown', () => readFileSync(log).length > before + 10_000)
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1)
  for (const line of lines) assert.ok(JSON.parse(line).msg)
})

test(
  'while the reader of standard output pauses the API serves, and the log goes on when it reads again',
  limit,
  async (t) => {
    const api = await startApi(t)
    const ports = { port: Number(new URL(api.url).port), metricsPort: Number(new URL(api.metricsUrl).port) }
    api.child.stdout?.pause()
    await until('lines are dropped', async () => {
      await requests(ports, 1000)
      return (await dropped(ports)) > 0
    })
    assert.equal((await api.fetch('/data/notes', { token: await api.login() })).status, 200)
    api.child.stdout?.resume()
    await until('a new line', async () => {
      await api.fetch('/health', { headers: { 'X-Request-Id': 'resumed' } })
      return api.logs.some(({ request_id }) => request_id === 'resumed')
    })
    assert.equal(await api.stop(), 0)
  },
)

const skipPipe = process.platform === 'win32' && 'Windows has no mkfifo'
test('while nothing reads the pipe of standard output the API ends on SIGTERM', {
  ...limit,
  skip: skipPipe,
}, async (t) => {
  const pipe = join(newFolder(t), 'pipe')
  execFileSync('mkfifo', [pipe])
  const api = await startOn(t, openSync(pipe, 'r+')) // open for reading too, so that it has a reader
  await until('lines are dropped', async () => {
    await requests(api, 1000)
    return (await dropped(api)) > 0
  })
  const exited = once(api.child, 'exit')
  api.child.kill('SIGTERM')
  await exited
})
