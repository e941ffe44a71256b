import { linkSync, renameSync, unlinkSync } from 'node:fs'
import { now } from '../clock.ts'
import { reasonOf, UserError } from '../errors.ts'
import { type Fault, fileAt } from './fault.ts'

/** Renames the file to `<file>.moved`; renames it back, but never over another file. */
export const move: Fault = {
  engines: ['SQLite'],
  feltBy: 'read',
  button: ['Move the database', 'Its file is renamed.'],
  story: ['The database file is renamed (move)', 'The database file has its name back'],
  picture: ['gone', 'no file of its name'],

  check(file) {
    if (fileAt(away(file.path)) !== undefined) {
      throw new UserError(`${away(file.path)} exists already: it would be overwritten. Look at it and remove it first.`)
    }
  },

  async inject({ database }) {
    renameSync(database, away(database))
    return now()
  },

  holds({ database }, record) {
    return fileAt(database) === undefined && fileAt(away(database))?.inode === record.inode
  },

  rollback({ database }, record) {
    const moved = fileAt(away(database))
    const there = fileAt(database)
    if (moved?.inode !== record.inode) {
      if (there?.inode === record.inode) return 'the file is at its place'
      throw new UserError(`The database file is neither at ${database} nor at ${away(database)}.`)
    }
    // Unlike rename, link fails when the name has been taken meanwhile.
    if (there?.inode !== record.inode) linkBack(database)
    unlinkSync(away(database))
    return 'the file has its name back'
  },

  did: () => 'move: the file was renamed to .moved; no file has its name now.',
  hint: 'Has the API opened another file?',
}

function away(database: string): string {
  return `${database}.moved`
}

function linkBack(database: string): void {
  try {
    linkSync(away(database), database)
  } catch (error) {
    throw new UserError(
      `${away(database)} cannot get its name back (${reasonOf(error)}). If there is another ${database} by now, move that one away and run recover again.`,
    )
  }
}
