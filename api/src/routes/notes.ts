import { z } from 'zod'
import type { Db } from '../database/database.ts'
import { check, text } from '../middleware/input.ts'
import { deleteNote, findNote, insertNote, listNotes, updateNote } from '../stores/notes.ts'
import type { Route } from './openapi.ts'

const Note = z
  .object({
    id: z.uuid(),
    title: z.string(),
    body: z.string(),
    created_at: z.iso.datetime({ precision: 3 }),
    updated_at: z.iso.datetime({ precision: 3 }),
  })
  .meta({ id: 'Note' })
// A page of the longest notes is half a million characters: it waits in memory until the client has taken it. The longest
// note fits into the body limit, each character written as \uXXXX\uXXXX.
const NoteInput = z.strictObject({ title: text(1, 200), body: text(0, 5_000) }).meta({ id: 'NoteInput' })
const Page = z.object({ items: z.array(Note), next_cursor: z.uuid().nullable() }).meta({ id: 'NotePage' })
const PageQuery = z.strictObject({
  limit: z
    .string()
    .refine((value) => /^([1-9]\d?|100)$/.test(value), 'must be a whole number from 1 to 100')
    .transform(Number)
    .default(20)
    .meta({ type: 'integer', minimum: 1, maximum: 100 }), // a query has text only; this is its description
  cursor: z.uuid('must be a next_cursor of an earlier answer').optional(),
})

const notFound = 'You have no note with this id.'

/** A note belongs to the user who made it; for other users it does not exist. */
export function noteRoutes(db: Db): Route[] {
  const oneNote = { path: '/data/notes/:id', secured: true, errors: [404] } as const
  return [
    {
      method: 'post',
      path: '/data/notes',
      summary: 'Create a note',
      secured: true,
      body: NoteInput,
      success: { status: 201, schema: Note, headers: { Location: 'The path of the new note' } },
      async handle(ctx) {
        const note = await insertNote(db, ctx.state.userId, check(ctx, NoteInput, ctx.request.body))
        ctx.status = 201
        ctx.set('Location', `/data/notes/${note.id}`)
        ctx.body = note
      },
    },
    {
      method: 'get',
      path: '/data/notes',
      summary: 'List the notes, newest first',
      secured: true,
      query: PageQuery,
      success: { status: 200, schema: Page },
      async handle(ctx) {
        const { limit, cursor } = check(ctx, PageQuery, ctx.query)
        // One more than the limit shows whether there is a next page.
        const notes = await listNotes(db, ctx.state.userId, limit + 1, cursor)
        const items = notes.slice(0, limit)
        ctx.body = { items, next_cursor: notes.length > limit ? items.at(-1)?.id : null }
      },
    },
    {
      ...oneNote,
      method: 'get',
      summary: 'Read a note',
      success: { status: 200, schema: Note },
      async handle(ctx) {
        ctx.body = (await findNote(db, ctx.state.userId, ctx.params.id)) ?? ctx.throw(404, notFound)
      },
    },
    {
      ...oneNote,
      method: 'put',
      summary: 'Change a note',
      body: NoteInput,
      success: { status: 200, schema: Note },
      async handle(ctx) {
        const input = check(ctx, NoteInput, ctx.request.body)
        ctx.body = (await updateNote(db, ctx.state.userId, ctx.params.id, input)) ?? ctx.throw(404, notFound)
      },
    },
    {
      ...oneNote,
      method: 'delete',
      summary: 'Delete a note',
      success: { status: 204 },
      async handle(ctx) {
        if (!(await deleteNote(db, ctx.state.userId, ctx.params.id))) ctx.throw(404, notFound)
        ctx.status = 204
      },
    },
  ]
}
