import type { ServerResponse } from 'node:http'
import type { Context } from 'koa'
import { UserError } from '../errors.ts'

const mostBuffered = 1_000_000

type Options = {
  /** What a page is sent when it opens, beside its number. */
  all: () => object
  /** The number of pages has changed, or whose turn it is. */
  changed: () => void
  /** The last page was closed, and none has been opened for a while. */
  left: () => void
  /** After so many milliseconds the turn of a page that does nothing ends, and a closed page counts as gone. */
  ends: { turn: number; unwatched: number }
}

/** Server-sent events to every open page. All may look; one acts at a time, until it is closed or has done nothing for a while. */
export function createEvents({ all, changed, left, ends }: Options) {
  const pages = new Map<number, ServerResponse>()
  let last = 0
  let actor: number | undefined
  let turn: NodeJS.Timeout | undefined
  let grace: NodeJS.Timeout | undefined

  function open(ctx: Context) {
    const { res } = ctx
    const page = ++last
    // The answer never ends, so it is not Koa's to send.
    ctx.respond = false
    ctx.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    res.writeHead(200)
    res.write(written('all', { page, ...all() }))
    pages.set(page, res)
    clearTimeout(grace)
    res.once('close', () => {
      pages.delete(page)
      if (actor === page) actor = undefined
      if (pages.size === 0) grace = setTimeout(left, ends.unwatched).unref()
      changed()
    })
    changed()
  }

  /** A reader who is slow misses what may be missed; one who reads nothing is cut off, and gets all anew when it is back. */
  function send(event: string, data: object, { mayMiss = false } = {}): void {
    const text = written(event, data)
    for (const res of pages.values()) {
      if (res.writableLength > mostBuffered) res.destroy()
      else if (!mayMiss || !res.writableNeedDrain) res.write(text)
    }
  }

  /** This page acts from now on. Throws a UserError while it is the turn of another one. */
  function act(page: number): void {
    if (!pages.has(page)) throw new UserError('This page is not connected: load it again.')
    if (actor !== undefined && actor !== page)
      throw new UserError(`Page ${actor} acts. Your turn comes a minute after its last act, or when it is closed.`)
    actor = page
    clearTimeout(turn)
    turn = setTimeout(() => {
      actor = undefined
      changed()
    }, ends.turn).unref()
    changed()
  }
  return { open, send, act, actor: () => actor, count: () => pages.size }
}

function written(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
