import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { reasonOf, UserError } from '../errors.ts'
import { faultsOf } from './check-journal.ts'
import type { Journal } from './journal.ts'

export type FoundRun = { name: string; folder: string; journal: Journal }

/** `2026-11-22T18-03-05.123Z-` in front of the experiment's name. */
const stamp = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z-/

/** The names of all runs, the newest last. */
export function runNames(runsFolder: string): string[] {
  try {
    const entries = readdirSync(runsFolder, { withFileTypes: true })
    return entries
      .filter((one) => one.isDirectory() && stamp.test(one.name))
      .map(({ name }) => name)
      .sort()
  } catch (error) {
    if (reasonOf(error) === 'ENOENT') return []
    throw new UserError(`The folder ${runsFolder} cannot be read (${reasonOf(error)}).`)
  }
}

/**
 * The newest run, or a named one: by its folder's name (a path to it will do), or by its experiment, of which it is the
 * newest. A UserError when there is none, or when its journal cannot be used.
 */
export function findRun(runsFolder: string, name?: string): FoundRun {
  const names = runNames(runsFolder)
  if (names.length === 0)
    throw new UserError(
      `There are no runs in ${runsFolder} yet: make an experiment first, such as make experiment NAME=baseline`,
    )
  const wanted = name && basename(name)
  const found = names.findLast((one) => !wanted || one === wanted || experimentOf(one) === wanted)
  if (found === undefined) {
    const last = names.slice(-5).reverse()
    throw new UserError(`There is no run ${name}. The last ones are:\n  ${last.join('\n  ')}`)
  }
  const folder = join(runsFolder, found)
  return { name: found, folder, journal: readJournal(join(folder, 'journal.json')) }
}

/** Repeats have their number behind the experiment's name. */
function experimentOf(name: string): string {
  return name.replace(stamp, '').replace(/-\d+$/, '')
}

/** A journal as it was written; a UserError that says what is wrong with it otherwise. */
export function readJournal(file: string): Journal {
  let journal: Journal
  try {
    journal = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new UserError(
      `${file} cannot be read as JSON (${reasonOf(error)}): this run cannot be shown. Name another one.`,
    )
  }
  if (journal?.schema !== 2)
    throw new UserError(
      `${file} has schema ${journal?.schema ?? 'none'}, and only 2 is understood: make the run again.`,
    )
  const wrong = faultsOf(journal)
  const named = wrong.length > 5 ? `${wrong.slice(0, 5).join(', ')} and more` : wrong.join(', ')
  if (wrong.length > 0) throw new UserError(`${file} is not whole, wrong or missing: ${named}. Name another run.`)
  return journal
}
