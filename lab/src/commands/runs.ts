import { join } from 'node:path'
import { options } from '../arguments.ts'
import { checkPackages } from '../environment.ts'
import { UserError } from '../errors.ts'
import type { Command } from './command.ts'

const usualFolder = join(import.meta.dirname, '..', '..', '..', 'runs')

/** The commands about runs that are over. */
export const runCommands: Record<string, Command> = {
  async report(args) {
    const { run, folder = usualFolder } = options(args, ['run', 'folder'])
    checkPackages()
    const { report } = await import('./report.ts')
    return say(report(folder, run))
  },

  async compare(args) {
    const { a, b, folder = usualFolder } = options(args, ['a', 'b', 'folder'])
    if (!a || !b)
      throw new UserError(
        'Name two runs, or two lists of repeats with commas: make compare A=outage-chmod B=outage-lock',
      )
    checkPackages()
    const { compare } = await import('./compare.ts')
    const { findRun } = await import('../runs/find-run.ts')
    const journals = (names: string) => names.split(',').map((name) => findRun(folder, name).journal)
    return say(compare(journals(a), journals(b)))
  },

  async anomalies(args) {
    const { run, folder = usualFolder } = options(args, ['run', 'folder'])
    checkPackages()
    const { anomalies } = await import('./anomalies.ts')
    return say(anomalies(folder, run))
  },

  async index(args) {
    const { folder = usualFolder } = options(args, ['folder'])
    checkPackages()
    const { updateLabDb } = await import('../runs/lab-db.ts')
    const remark = updateLabDb(folder)
    if (remark) throw new UserError(remark)
    return say(`${folder}/lab.db holds every run.`)
  },
}

function say(text: string): number {
  console.log(text)
  return 0
}
