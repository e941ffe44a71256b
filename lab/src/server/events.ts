import type { ServerResponse } from 'node:http'
import type { Context } from 'koa'

const mostBuffered = 1_000_000

/** Server-sent events to every open page. `welcome` is sent to a page that opens; `changed` is called when their number does. */
export function createEvents(welcome: (page: number) => object, changed: () => void) {
  const pages = new Map<number, ServerResponse>()
  let last = 0

  function open(ctx: Context) {
    const { res } = ctx
    const page = ++last
    // The answer never ends, so it is not Koa's to send.
    ctx.respond = false
    ctx.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    res.writeHead(200)
    res.write(written('welcome', welcome(page)))
    pages.set(page, res)
    res.once('close', () => {
      pages.delete(page)
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
  return { open, send, count: () => pages.size, has: (page: number) => pages.has(page) }
}

function written(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
