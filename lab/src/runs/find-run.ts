import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readJson } from '../config.ts'
import { reasonOf, UserError } from '../errors.ts'
import { type Journal, journal } from './journal.ts'

type FoundRun = { name: string; folder: string; journal: Journal }

/** `2026-11-22T18-03-05.123Z-` in front of the experiment's name; a load of k6 has no milliseconds. */
const stamp = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(\.\d{3})?Z-/

/** Returns the names of all runs, the newest last; `<time>-tradeoff-rollback-or-wal` and `<time>-k6-peak` are none. */
export function runNames(runsFolder: string): string[] {
  return allNames(runsFolder).filter((name) => !/^(tradeoff|k6)-/.test(name.replace(stamp, '')))
}

function allNames(runsFolder: string): string[] {
  try {
    return readdirSync(runsFolder)
      .filter((name) => stamp.test(name))
      .sort()
  } catch (error) {
    if (reasonOf(error) === 'ENOENT') return []
    throw new UserError(`The folder ${runsFolder} cannot be read (${reasonOf(error)}).`)
  }
}

/**
 * Returns the newest run, or a named one: by its folder's name (a path to it will do), or the newest of an experiment.
 * Throws a UserError when there is none, or when its journal cannot be used.
 */
export function findRun(runsFolder: string, name?: string): FoundRun {
  if (/Z-k6-[^/]+\/?$/.test(name ?? ''))
    throw new UserError(`${name} is a load of k6. Look at a span of time: SINCE=4m, or make compare A=4m-2m B=2m`)
  const found = findName(runNames(runsFolder), runsFolder, name)
  const folder = join(runsFolder, found)
  return { name: found, folder, journal: readJson(join(folder, 'journal.json'), journal) }
}

/** The same of runs, comparisons and loads: the folder only. */
export function findFolder(runsFolder: string, name?: string): string {
  return join(runsFolder, findName(allNames(runsFolder), runsFolder, name))
}

function findName(names: string[], runsFolder: string, name?: string): string {
  if (names.length === 0)
    throw new UserError(`There are no runs in ${runsFolder} yet: make one, for example with make demo.`)
  const wanted = name && basename(name)
  const found = names.findLast((one) => !wanted || one === wanted || experimentOf(one) === wanted)
  if (found !== undefined) return found
  const last = names.slice(-5).reverse()
  throw new UserError(`There is no run ${name}. The last ones are:\n  ${last.join('\n  ')}`)
}

/** Repeats have their number behind the experiment's name, comparisons a word before their own. */
function experimentOf(name: string): string {
  return name
    .replace(stamp, '')
    .replace(/^tradeoff-/, '')
    .replace(/-\d+$/, '')
}
