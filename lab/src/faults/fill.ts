import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { now, sleep } from '../clock.ts'
import { reasonOf, UserError } from '../errors.ts'
import type { Fault } from './fault.ts'

export const largestMegabytes = 256
const page = Buffer.alloc(4096)

/** Fills the file system of the database with `<file>.fill`; removes that file again. */
export const fill: Fault = {
  engines: ['SQLite'],
  needs: { own: 'disk', why: 'It needs a small disk.', command: 'make experiment NAME=disk-full EMBEDDED=1' },
  stops: 'writes',
  feltBy: 'write',
  button: ['Fill the disk', 'Reading goes on.'],
  story: ['The disk of the database is full (fill)', 'The disk has room again'],
  picture: ['read-only', 'its disk is full'],

  check(file) {
    const { blocks, bsize } = statfsSync(dirname(file.path))
    const megabytes = Math.round((blocks * bsize) / 1024 / 1024)
    if (megabytes <= largestMegabytes) return
    throw new UserError(
      `${dirname(file.path)} lies on a file system of ${megabytes} MB. fill only fills one of up to ${largestMegabytes} MB, which holds nothing else: run the experiment disk-full.`,
    )
  },

  async inject({ database }) {
    // From this moment on a write may find no room.
    const at = now()
    // A transaction that ends frees its journal's room, so the disk is full only when it stays full.
    for (let quiet = 0; quiet < 3; quiet++) {
      if (fillUp(filler(database)) > 0) quiet = 0
      await sleep(5)
    }
    return at
  },

  holds({ database }) {
    const { bavail, bsize } = statfsSync(dirname(database))
    return bavail * bsize < page.length
  },

  rollback({ database }) {
    rmSync(filler(database), { force: true })
    return 'the file system has room again'
  },

  did: () => 'fill: a file takes all room that was left on the file system; nothing can be written.',
  hint: 'A full disk stops writes only: reads go on.',
}

function filler(database: string): string {
  return `${database}.fill`
}

/** Appends to the file until no room is left. Returns the number of pages written. */
function fillUp(file: string): number {
  const handle = openSync(file, 'a', 0o600)
  let pages = 0
  try {
    for (;;) {
      writeSync(handle, page)
      pages++
    }
  } catch (error) {
    if (reasonOf(error) !== 'ENOSPC') throw error
    return pages
  } finally {
    closeSync(handle)
  }
}
