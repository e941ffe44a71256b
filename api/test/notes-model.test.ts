import assert from 'node:assert/strict'
import { before, beforeEach, type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { onPostgres } from './postgres.ts'
import { type Api, startApi } from './start-api.ts'

type Input = { title: string; body: string }
type Note = Input & { id: string; created_at: string; updated_at: string }
type Page = { items: Note[]; next_cursor: string | null }
type User = 'demo' | 'eve'

const users: User[] = ['demo', 'eve']
let api: Api
let tokens: Record<User, string>
before(async (t) => {
  api = await startApi(t as TestContext)
  tokens = { demo: await api.login('demo'), eve: await api.login('eve') }
})
const send = (user: User, method: string, path: string, json?: Input) =>
  api.fetch(`/data/notes${path}`, { method, token: tokens[user], json })

// Every page from the newest note to the oldest; fails when a page before the last is not full, or the last one is empty.
async function list(user: User, limit: number): Promise<Note[]> {
  const notes: Note[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const answer = await send(user, 'GET', `?limit=${limit}${cursor && `&cursor=${cursor}`}`)
    assert.equal(answer.status, 200)
    const { items, next_cursor } = (await answer.json()) as Page
    assert.ok(items.length > 0 || cursor === '', 'a cursor leads to at least one note')
    notes.push(...items)
    if (next_cursor !== null) assert.deepEqual([items.length, items.at(-1)?.id], [limit, next_cursor])
    cursor = next_cursor
  }
  return notes
}

// What the API should hold: every note ever made, by the order in which they were made.
type Model = { owner: User; note: Note; gone: boolean }[]

async function checkNote(answer: Response, status: number, input: Input): Promise<Note> {
  assert.equal(answer.status, status)
  const note = (await answer.json()) as Note
  assert.deepEqual(note, { ...note, ...input })
  assert.ok(note.updated_at >= note.created_at)
  return note
}

const newestFirst = (a: Note, b: Note) => (a.id < b.id ? 1 : -1)

const operations = {
  async create(model: Model, user: User, _pick: number, input: Input) {
    const answer = await send(user, 'POST', '', input)
    const note = await checkNote(answer, 201, input)
    assert.equal(answer.headers.get('Location'), `/data/notes/${note.id}`)
    assert.equal(note.updated_at, note.created_at)
    model.push({ owner: user, note, gone: false })
  },
  async read(model: Model, user: User, pick: number) {
    const { entry, id, mine } = choose(model, user, pick)
    const answer = await send(user, 'GET', `/${id}`)
    if (!mine) return assert.equal(answer.status, 404)
    assert.deepEqual(await checkNote(answer, 200, entry.note), entry.note)
  },
  async update(model: Model, user: User, pick: number, input: Input) {
    const { entry, id, mine } = choose(model, user, pick)
    const answer = await send(user, 'PUT', `/${id}`, input)
    if (!mine) return assert.equal(answer.status, 404)
    const note = await checkNote(answer, 200, input)
    assert.deepEqual([note.id, note.created_at], [id, entry.note.created_at])
    assert.ok(note.updated_at >= entry.note.updated_at)
    entry.note = note
  },
  async delete(model: Model, user: User, pick: number) {
    const { entry, id, mine } = choose(model, user, pick)
    const answer = await send(user, 'DELETE', `/${id}`)
    assert.equal(answer.status, mine ? 204 : 404)
    if (mine) entry.gone = true
  },
  async list(model: Model, user: User, pick: number) {
    const found = await list(user, 1 + (pick % 5))
    const notes = model.filter(({ owner, gone }) => owner === user && !gone).map(({ note }) => note)
    // Notes of the same millisecond are sorted by their ids.
    assert.deepEqual(found, notes.sort(newestFirst))
    const times = found.map(({ created_at }) => Date.parse(created_at))
    assert.ok(times.every((time, i) => i === 0 || time <= Number(times[i - 1]) + 1))
  },
}

// Any note of any user, deleted ones too; an id that never existed when there is none.
function choose(model: Model, user: User, pick: number) {
  const entry = model[pick % model.length]
  if (!entry) return { entry: null as never, id: 'never', mine: false }
  return { entry, id: entry.note.id, mine: entry.owner === user && !entry.gone }
}

const textOf = (minLength: number, maxLength: number) =>
  fc
    .oneof(fc.string({ minLength, maxLength }), fc.string({ unit: 'binary', minLength, maxLength }))
    .map((text) => text.replaceAll('\0', ' '))
const step = fc.record({
  operation: fc.constantFrom(...(Object.keys(operations) as (keyof typeof operations)[]), 'create', 'create'),
  user: fc.constantFrom(...users),
  pick: fc.nat(),
  input: fc.record({ title: textOf(1, 200), body: textOf(0, 300) }),
})

async function forgetAll() {
  for (const user of users) {
    const notes = await list(user, 100)
    await Promise.all(notes.map(({ id }) => send(user, 'DELETE', `/${id}`)))
  }
}
beforeEach(forgetAll)

test('two users see what a model of their notes says, whatever they do', async () => {
  const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }), async (steps) => {
    const model: Model = []
    for (const { operation, user, pick, input } of steps)
      await operations[operation as 'create'](model, user, pick, input)
    for (const user of users) await operations.list(model, user, 2)
  })
  await fc.assert(property.beforeEach(forgetAll), { numRuns: 15, seed: 12 })
})

test('200 notes made at the same time are all acknowledged, and all there', async () => {
  const inputs = Array.from({ length: 200 }, (_, i) => ({ title: `note ${i}`, body: 'b'.repeat(i) }))
  const made = await Promise.all(inputs.map(async (json) => checkNote(await send('demo', 'POST', '', json), 201, json)))
  assert.equal(new Set(made.map(({ id }) => id)).size, 200)
  assert.deepEqual(await list('demo', 7), made.sort(newestFirst))
  assert.deepEqual(await list('eve', 100), [])
})

const skip = onPostgres && 'PostgreSQL groups commits by itself'

for (const [GROUP_COMMIT, isFewer] of [
  ['on', true],
  ['off', false],
] as const) {
  test(`writes that arrive together share a commit: GROUP_COMMIT=${GROUP_COMMIT}`, { skip }, async (t) => {
    const own = await startApi(t, { GROUP_COMMIT })
    const token = await own.login()
    async function commits() {
      const page = await (await fetch(own.metricsUrl)).text()
      const [count = 0, sum = 0] = ['count', 'sum'].map((part) =>
        Number(page.match(new RegExp(`^db_commit_batch_size_${part} (\\d+)$`, 'm'))?.[1]),
      )
      return { count, sum }
    }
    const before = await commits()
    const json = { title: 'a', body: 'b' }
    const post = async () => (await own.fetch('/data/notes', { method: 'POST', token, json })).status
    const statuses = await Promise.all(Array.from({ length: 200 }, post))
    assert.deepEqual(new Set(statuses), new Set([201]))
    const now = await commits()
    assert.equal(now.sum - before.sum, 200)
    const count = now.count - before.count
    assert.ok(isFewer ? count < 150 : count === 200, `${count} commits`)
  })
}

test('of 50 changes at the same time one is what stays, and of 50 deletions one is acknowledged', async () => {
  const { id } = (await (await send('demo', 'POST', '', { title: 'a', body: 'b' })).json()) as Note
  const inputs = Array.from({ length: 50 }, (_, i) => ({ title: `change ${i}`, body: '' }))
  const changed = await Promise.all(
    inputs.map(async (json) => checkNote(await send('demo', 'PUT', `/${id}`, json), 200, json)),
  )
  const stayed = (await (await send('demo', 'GET', `/${id}`)).json()) as Note
  assert.ok(changed.some(({ title }) => title === stayed.title))
  const deletions = await Promise.all(inputs.map(() => send('demo', 'DELETE', `/${id}`)))
  assert.deepEqual(deletions.map(({ status }) => status).sort(), [204, ...Array(49).fill(404)])
})
