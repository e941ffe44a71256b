import type Router from '@koa/router'
import type { Middleware } from 'koa'
import { z } from 'zod'
import type { Db } from '../database/dialect.ts'
import { readJson } from '../middleware/read-json.ts'
import { deleteNote, findNote, insertNote, listNotes, updateNote } from '../stores/notes.ts'
import { check, type Operation, text } from './operation.ts'

const Note = z
  .object({
    id: z.uuid(),
    title: z.string(),
    body: z.string(),
    created_at: z.iso.datetime({ precision: 3 }),
    updated_at: z.iso.datetime({ precision: 3 }),
  })
  .meta({ id: 'Note' })
// Short enough that the longest of them, each character written as \uXXXX\uXXXX, fits into bodyLimit: what the schema
// allows is never too large.
const NoteInput = z.strictObject({ title: text(1, 200), body: text(0, 20_000) }).meta({ id: 'NoteInput' })
const Page = z.object({ items: z.array(Note), next_cursor: z.uuid().nullable() }).meta({ id: 'NotePage' })
const PageQuery = z.strictObject({
  limit: z
    .string()
    .refine((value) => /^([1-9]\d?|100)$/.test(value), 'must be a whole number from 1 to 100')
    .transform(Number)
    .default(20)
    .meta({ type: 'integer', minimum: 1, maximum: 100 }), // a query has text only; this is how it is described
  cursor: z.uuid('must be a next_cursor of an earlier answer').optional(),
})

// A page of long notes ends early: it waits in memory until the client has taken it.
const pageLength = 500_000
function countThatFit(notes: { body: string }[]) {
  let length = 0
  const tooMany = notes.findIndex(({ body }) => {
    length += body.length
    return length > pageLength
  })
  return tooMany < 0 ? notes.length : Math.max(1, tooMany)
}

const noSuchNote = 'You have no note with this id.'

/** A note belongs to the user who made it; to everybody else it does not exist. */
export function noteRoutes(router: Router, { db, requireUser }: { db: Db; requireUser: Middleware }) {
  // A body may take its time, and the token may have been ended meanwhile: it is looked at before and after.
  const readNote = [requireUser, readJson(), requireUser]
  router.post('/data/notes', ...readNote, async function createNote(ctx) {
    const note = await insertNote(db, ctx.state.userId, check(ctx, NoteInput, ctx.request.body))
    ctx.status = 201
    ctx.set('Location', `/data/notes/${note.id}`)
    ctx.body = note
  })

  router.get('/data/notes', requireUser, async function listOfNotes(ctx) {
    const { limit, cursor } = check(ctx, PageQuery, ctx.query)
    // One more than asked for tells whether there is a next page.
    const notes = await listNotes(db, ctx.state.userId, limit + 1, cursor)
    const items = notes.slice(0, Math.min(limit, countThatFit(notes)))
    ctx.body = { items, next_cursor: notes.length > items.length ? items.at(-1)?.id : null }
  })

  router.get('/data/notes/:id', requireUser, async function oneNote(ctx) {
    const { id = '' } = ctx.params
    ctx.body = (await findNote(db, ctx.state.userId, id)) ?? ctx.throw(404, noSuchNote)
  })

  router.put('/data/notes/:id', ...readNote, async function changeNote(ctx) {
    const { id = '' } = ctx.params
    const input = check(ctx, NoteInput, ctx.request.body)
    ctx.body = (await updateNote(db, ctx.state.userId, id, input)) ?? ctx.throw(404, noSuchNote)
  })

  router.delete('/data/notes/:id', requireUser, async function removeNote(ctx) {
    const { id = '' } = ctx.params
    if (!(await deleteNote(db, ctx.state.userId, id))) ctx.throw(404, noSuchNote)
    ctx.status = 204
  })
}

const refusals = [401, 503]
export const noteOperations: Operation[] = [
  {
    method: 'post',
    path: '/data/notes',
    summary: 'Make a note',
    secured: true,
    body: NoteInput,
    success: { status: 201, schema: Note, headers: { Location: 'The path of the new note' } },
    refusals: [...refusals, 413, 415, 422],
  },
  {
    method: 'get',
    path: '/data/notes',
    summary: 'List the notes, newest first; a page of long notes ends before its limit',
    secured: true,
    query: PageQuery,
    success: { status: 200, schema: Page },
    refusals: [...refusals, 422],
  },
  {
    method: 'get',
    path: '/data/notes/:id',
    summary: 'Read a note',
    secured: true,
    success: { status: 200, schema: Note },
    refusals: [...refusals, 404],
  },
  {
    method: 'put',
    path: '/data/notes/:id',
    summary: 'Change a note',
    secured: true,
    body: NoteInput,
    success: { status: 200, schema: Note },
    refusals: [...refusals, 404, 413, 415, 422],
  },
  {
    method: 'delete',
    path: '/data/notes/:id',
    summary: 'Delete a note',
    secured: true,
    success: { status: 204 },
    refusals: [...refusals, 404],
  },
]
