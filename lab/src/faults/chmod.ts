import { chmodSync } from 'node:fs'
import { now } from '../clock.ts'
import { reasonOf, UserError } from '../errors.ts'
import { type Fault, fileAt, octal } from './fault.ts'

/** Removes all permissions of the file; restores exactly the bits it had. */
export const chmod: Fault = {
  ...withoutPermissions(0o7777, 'no process may open it'),
  feltBy: 'read',
  button: ['Take the permissions', 'No process may open its file.'],
  story: ['The permissions of the database file are taken away (chmod)', 'The permissions are back'],
  picture: ['closed', 'no permission'],
}

/** Removes the permissions to write, so that mode 0644 becomes 0444; restores exactly the bits it had. */
export const readonly: Fault = {
  ...withoutPermissions(0o222, 'reads go on'),
  stops: 'writes',
  feltBy: 'write',
  button: ['Make it read-only', 'Only writes fail.'],
  story: ['The database file may only be read (readonly)', 'The database file may be written again'],
  picture: ['read-only', 'may not be written'],
}

/** What both have in common: they take these bits from the mode of the file. */
function withoutPermissions(bits: number, effect: string) {
  const left = (mode: string) => Number.parseInt(mode, 8) & ~bits
  return {
    engines: ['SQLite'],
    check(file) {
      const me = process.getuid?.()
      if ((file.mode & bits) === 0)
        throw new UserError(`${file.path} has mode ${octal(file.mode)} already: this fault could change nothing.`)
      // The API runs as another user than root, so the lab must be its user, or root.
      if (me !== 0 && me !== file.uid) {
        throw new UserError(`Only its owner (user ${file.uid}) or root may chmod ${file.path}; you are user ${me}.`)
      }
    },

    async inject({ database }, { mode }) {
      chmodSync(database, left(mode))
      return now()
    },

    did: ({ kind, mode }) => `${kind}: the file had mode ${mode} and has ${octal(left(mode))} now; ${effect}.`,

    hint: 'Does the API run as root? Permissions mean nothing to root.',

    holds({ database }, { mode, inode }) {
      const file = fileAt(database)
      return file?.inode === inode && file.mode === left(mode)
    },

    rollback({ database }, { mode, inode }) {
      const file = fileAt(database)
      if (file === undefined) throw new UserError(`${database} is gone: its mode ${mode} cannot be restored.`)
      if (file.inode !== inode) return 'another file has the name now; its permissions were left alone'
      // Leave a mode that was changed after the injection alone.
      if (file.mode !== left(mode)) return `the mode is ${octal(file.mode)} and was left so`
      try {
        chmodSync(database, Number.parseInt(mode, 8))
      } catch (error) {
        throw new UserError(
          `The mode of ${database} cannot be restored (${reasonOf(error)}). Ask its owner to run: chmod ${mode} ${database}`,
        )
      }
      const back = octal(fileAt(database)?.mode ?? 0)
      if (back !== mode) throw new UserError(`${database} should have mode ${mode} again but has ${back}.`)
      return `mode ${mode} is back`
    },
  } satisfies Partial<Fault>
}
