import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Api, newFolder, startApi } from './start-api.ts'

const root = join(import.meta.dirname, '../..')
const nobody = 65534

/** What the kernel says of the process: real, effective, saved and file system user and group, and what it may do. */
function rightsOf(api: Api) {
  const status = readFileSync(`/proc/${api.child.pid}/status`, 'utf8')
  const field = (name: string) => String(status.match(new RegExp(`^${name}:[ \\t]*(.*)$`, 'm'))?.[1]).trim()
  const [uids, gids] = [field('Uid'), field('Gid')].map((ids) => ids.split(/\s+/).map(Number))
  const capabilities = ['CapEff', 'CapPrm', 'CapInh', 'CapAmb'].map((name) => Number.parseInt(field(name), 16))
  return { uids, gids, groups: field('Groups'), capabilities }
}

function rightsOfUser(id: number) {
  const ids = [id, id, id, id]
  return { uids: ids, gids: ids, groups: '', capabilities: [0, 0, 0, 0] }
}

/** Waits for what is to come; the limit only ends a test that would hang. */
async function until(what: string, fits: () => unknown) {
  for (const end = Date.now() + 15_000; !(await fits()); await sleep(5)) assert(Date.now() < end, `never: ${what}`)
}

async function assertRefused(databasePath: string, sentence: RegExp) {
  const env = { PATH: process.env.PATH, PORT: '0', METRICS_PORT: '0', DATABASE_PATH: databasePath }
  const secrets = { JWT_SECRET: randomBytes(48).toString('base64'), LAB_USERS: 'demo:password' }
  const main = join(root, 'api/src/main.ts')
  const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile(
      process.execPath,
      [main],
      { cwd: tmpdir(), env: { ...env, ...secrets }, timeout: 15_000 },
      (error, _, stderr) => resolve({ code: error?.code ?? error?.signal, stderr }),
    )
  })
  assert.match(stderr, sentence)
  assert.equal(stderr.trimEnd().split('\n').length, 1, `one line: ${stderr}`)
  assert.equal(code, 1)
}

async function status(api: Api, path: string, token?: string) {
  const response = await api.fetch(path, { token })
  await response.arrayBuffer()
  return response.status
}

const isRoot = process.getuid?.() === 0 && process.platform === 'linux'
if (isRoot) process.setgroups?.([4, 27]) // root need not have any, and then there would be none to give up
describe('started as root', { skip: !isRoot && 'only root on Linux can start it as root' }, () => {
  test('in a folder of root the API becomes nobody for good, and the folder is given to nobody', async (t) => {
    const tries = `['setuid', 'seteuid', 'setgid', 'setegid'].filter((name) => {
      try { process[name](0); return true } catch { return false }
    })`
    const module = `process.on('SIGUSR2', () => console.log(JSON.stringify({ msg: 'tried', regained: ${tries} })))`
    const api = await startApi(t, { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}` })
    assert.deepEqual(rightsOf(api), rightsOfUser(nobody))
    for (const path of [api.folder, api.databasePath]) {
      const { uid, gid } = statSync(path)
      assert.deepEqual([uid, gid], [nobody, nobody], path)
    }
    assert.equal(statSync(api.databasePath).mode & 0o077, 0, 'nobody else may read the database')

    api.child.kill('SIGUSR2')
    assert.deepEqual((await api.logged((line) => line.msg === 'tried')).regained, [])
    assert.deepEqual(rightsOf(api), rightsOfUser(nobody))
  })

  test('chmod 000 reaches it as it reaches everybody', async (t) => {
    const api = await startApi(t)
    const token = await api.login()
    assert.equal(await status(api, '/data/notes', token), 200)
    chmodSync(api.databasePath, 0)
    assert.equal(await status(api, '/data/notes', token), 503)
    chmodSync(api.databasePath, 0o600)
    await until('the notes are back', async () => (await status(api, '/data/notes', token)) === 200)
  })

  test('in the folder of a user the API becomes that user', async (t) => {
    const folder = newFolder(t)
    chownSync(folder, 1234, 1234)
    const api = await startApi(t, { DATABASE_PATH: join(folder, 'notes.db') })
    assert.deepEqual(rightsOf(api), rightsOfUser(1234))
    assert.equal(statSync(api.databasePath).uid, 1234)
    assert.equal(await status(api, '/data/notes', await api.login()), 200)
  })

  test('a folder of a user and the group of root does not leave it that group', async (t) => {
    const folder = newFolder(t)
    chownSync(folder, 1234, 0)
    const api = await startApi(t, { DATABASE_PATH: join(folder, 'notes.db') })
    assert(!rightsOf(api).gids?.includes(0))
    assert.equal(await status(api, '/data/notes', await api.login()), 200)
  })

  test('a folder reached by a symbolic link is given away itself', async (t) => {
    const folder = newFolder(t)
    chmodSync(folder, 0o755)
    mkdirSync(join(folder, 'data'))
    symlinkSync(join(folder, 'data'), join(folder, 'link'))
    const api = await startApi(t, { DATABASE_PATH: join(folder, 'link/notes.db') })
    assert.equal(statSync(join(folder, 'data')).uid, nobody)
    assert.equal(await status(api, '/data/notes', await api.login()), 200)
  })

  test('a database that belongs to root is given with its folder', async (t) => {
    const folder = newFolder(t)
    const env = { DATABASE_PATH: join(folder, 'notes.db'), LAB_USERS: 'demo:password' }
    await (await startApi(t, env)).stop()
    for (const path of [folder, env.DATABASE_PATH]) chownSync(path, 0, 0)
    const api = await startApi(t, env)
    assert.equal(statSync(env.DATABASE_PATH).uid, nobody)
    assert.equal(await status(api, '/data/notes', await api.login()), 200)
  })

  test('a folder of root that holds something else too is refused and stays as it is', async (t) => {
    const folder = newFolder(t)
    const stranger = join(folder, 'accounts.txt')
    writeFileSync(stranger, '')
    await assertRefused(join(folder, 'notes.db'), /DATABASE_PATH: .*holds accounts\.txt too.*folder of its own/)
    assert.deepEqual([statSync(folder).uid, statSync(stranger).uid], [0, 0])
  })

  test('a folder that the user cannot reach is refused', async (t) => {
    const folder = join(newFolder(t), 'data') // the folder around it is for root only
    mkdirSync(folder)
    await assertRefused(join(folder, 'notes.db'), /DATABASE_PATH: user 65534 cannot reach the folder .*Choose one/)
  })

  test('a checkout that only root can read serves all the same', async (t) => {
    const checkout = newFolder(t)
    cpSync(join(root, 'api'), join(checkout, 'api'), { recursive: true })
    try {
      // Hard links: a copy would take its time, and links of the other kind lead back to where everybody may read.
      const modules = realpathSync(join(root, 'node_modules'))
      execFileSync('cp', ['-al', modules, join(checkout, 'node_modules')], { stdio: 'pipe' })
    } catch (error) {
      return t.skip(`node_modules cannot be linked into the temporary folder: ${error}`)
    }
    const other = (await import(join(checkout, 'api/test/start-api.ts'))) as { startApi: typeof startApi }
    const api = await other.startApi(t)
    assert.deepEqual(rightsOf(api), rightsOfUser(nobody))
    const token = await api.login()
    const made = await api.fetch('/data/notes', { method: 'POST', token, json: { title: 'a note', body: '' } })
    assert.equal(made.status, 201)
    assert.equal(await status(api, '/data/notes', token), 200)
    assert.equal(await status(api, '/data/notes?limit=many', token), 422)
    assert.equal(await status(api, '/nothing'), 404)
    assert.equal((await fetch(api.metricsUrl)).status, 200)
    assert.equal(await api.stop(), 0)
  })
})
