import { options } from '../arguments.ts'
import { findRun } from '../runs/find-run.ts'
import { bringUpToDate } from '../runs/lab-db.ts'
import { Sentence } from '../sentence.ts'
import { anomalies } from './anomalies.ts'
import { compare } from './compare.ts'
import { report } from './report.ts'

/** The commands about runs that are over: what each prints, given its words and the folder of the runs. */
export const runCommands: Record<string, (args: string[], usualFolder: string) => string> = {
  report(args, usualFolder) {
    const { run, folder = usualFolder } = options(args, ['run', 'folder'])
    return report(folder, run)
  },

  compare(args, usualFolder) {
    const { a, b, folder = usualFolder } = options(args, ['a', 'b', 'folder'])
    if (!a || !b)
      throw new Sentence(
        'Name two runs, or two lists of repeats with commas: make compare A=outage-chmod B=outage-lock',
      )
    const journals = (names: string) => names.split(',').map((name) => findRun(folder, name).journal)
    return compare(journals(a), journals(b))
  },

  anomalies(args, usualFolder) {
    const { run, folder = usualFolder } = options(args, ['run', 'folder'])
    return anomalies(folder, run)
  },

  index(args, usualFolder) {
    const { folder = usualFolder } = options(args, ['folder'])
    bringUpToDate(folder)
    return `${folder}/lab.db holds every run.`
  },
}
