import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { parseJson, readJson } from '../config.ts'
import { reasonOf, UserError } from '../errors.ts'
import { type Journal, journal, type MetricsEvent, someSeries } from './journal.ts'

type FoundRun = { name: string; folder: string; journal: Journal }

/** `2026-11-22T18-03-05.123Z-` in front of the experiment's name. */
const stamp = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z-/

/** The folder of a comparison: `2026-11-22T18-03-05.123Z-tradeoff-rollback-or-wal`. */
export const isTradeoff = (name: string) => name.replace(stamp, '').startsWith('tradeoff-')

/** Returns the names of all runs, the newest last; a comparison is none. */
export function runNames(runsFolder: string): string[] {
  return allNames(runsFolder).filter((name) => !isTradeoff(name))
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
  const found = findName(runNames(runsFolder), runsFolder, name)
  const folder = join(runsFolder, found)
  return { name: found, folder, journal: readJson(join(folder, 'journal.json'), journal) }
}

/** The same of runs and comparisons: the folder only. */
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

export type Recorded = { name: string; events: MetricsEvent[] }

/**
 * Returns the seconds of a run (the newest, or a named one), of a .jsonl file, or of every .jsonl file in a folder.
 * Throws a UserError when there are none.
 */
export function readEvents(runsFolder: string, name?: string): Recorded[] {
  const stat = name ? statSync(name, { throwIfNoEntry: false }) : undefined
  const files = name && stat?.isDirectory() ? jsonlFiles(name) : name && stat?.isFile() ? [name] : []
  if (files.length > 0) return files.map((file) => ({ name: nameOf(file), events: eventsIn(file) }))
  const run = findRun(runsFolder, name)
  return [{ name: run.name, events: run.journal.seconds }]
}

function jsonlFiles(folder: string): string[] {
  const names = readdirSync(folder).filter((one) => one.endsWith('.jsonl'))
  return names.sort().map((one) => join(folder, one))
}

/** A run's file is called after its folder. */
function nameOf(file: string): string {
  const name = basename(file)
  return name === 'metrics_events.jsonl' ? basename(dirname(resolve(file))) : name
}

function eventsIn(file: string): MetricsEvent[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  const events = lines.flatMap((line, i) =>
    line.trim() === '' ? [] : [parseJson(line, someSeries, `${file}, line ${i + 1}`) as MetricsEvent],
  )
  if (events.length > 0) return events
  throw new UserError(`${file} has no seconds: it should hold one JSON object per line, as metrics_events.jsonl does.`)
}
