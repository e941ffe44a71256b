import { withoutPermissions } from './chmod.ts'
import { type Fault, octal } from './fault.ts'

const writing = 0o222

/** Removes the permissions to write, so that mode 0644 becomes 0444; restores exactly the bits it had. */
export const readonly: Fault = {
  ...withoutPermissions(writing),
  feltBy: 'write',
  button: ['Make it read-only', 'Only writes fail.'],
  story: ['The database file may only be read (readonly)', 'The database file may be written again'],
  picture: ['read-only', 'may not be written'],
  did: ({ mode }) =>
    `readonly: the file had mode ${mode} and has ${octal(Number.parseInt(mode, 8) & ~writing)} now; reads go on.`,
}
