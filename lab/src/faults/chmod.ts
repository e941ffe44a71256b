import { chmodSync } from 'node:fs'
import { now } from '../clock.ts'
import { reasonOf, UserError } from '../errors.ts'
import { type Fault, look, octal } from './fault.ts'

/** Removes all permissions of the file; restores exactly the bits it had. */
export const chmod: Fault = {
  check(file) {
    const me = process.getuid?.()
    if (file.mode === 0)
      throw new UserError(`${file.path} has no permissions already (0000): chmod could change nothing.`)
    if (me !== 0 && me !== file.uid) {
      throw new UserError(`Only its owner (user ${file.uid}) or root may chmod ${file.path}; you are user ${me}.`)
    }
  },

  async inject({ database }) {
    chmodSync(database, 0)
    return now()
  },

  feltAs: 503,

  holds({ database }, record) {
    const file = look(database)
    return file?.inode === record.inode && file.mode === 0
  },

  rollback({ database }, record) {
    const file = look(database)
    if (file === undefined) throw new UserError(`${database} is gone: its mode ${record.mode} cannot be restored.`)
    if (file.inode !== record.inode) return 'another file has the name now; its permissions were left alone'
    // Leave a mode that was changed after the injection alone.
    if (file.mode !== 0) return `the mode is ${octal(file.mode)} and was left so`
    try {
      chmodSync(database, Number.parseInt(record.mode, 8))
    } catch (error) {
      throw new UserError(
        `The mode of ${database} cannot be restored (${reasonOf(error)}). Ask its owner to run: chmod ${record.mode} ${database}`,
      )
    }
    const back = octal(look(database)?.mode ?? 0)
    if (back !== record.mode) throw new UserError(`${database} should have mode ${record.mode} again but has ${back}.`)
    return `mode ${record.mode} is back`
  },

  did: (record) => `chmod: the file had mode ${record.mode} and has 0000 now; no process may open it.`,
  hint: 'Does the API run as root? Permissions mean nothing to root.',
}
