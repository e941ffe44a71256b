import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { parseJson, readJson } from '../config.ts'
import { reasonOf, UserError } from '../errors.ts'
import { type Journal, journal, type MetricsEvent, someSeries } from './journal.ts'

type FoundRun = { name: string; folder: string; journal: Journal }

/** `2026-11-22T18-03-05.123Z-` in front of the experiment's name. */
const stamp = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z-/

/** Returns the names of all runs, the newest last. */
export function runNames(runsFolder: string): string[] {
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
  const names = runNames(runsFolder)
  if (names.length === 0)
    throw new UserError(`There are no runs in ${runsFolder} yet: make one, for example with make demo.`)
  const wanted = name && basename(name)
  const found = names.findLast((one) => !wanted || one === wanted || experimentOf(one) === wanted)
  if (found === undefined) {
    const last = names.slice(-5).reverse()
    throw new UserError(`There is no run ${name}. The last ones are:\n  ${last.join('\n  ')}`)
  }
  const folder = join(runsFolder, found)
  return { name: found, folder, journal: readJson(join(folder, 'journal.json'), journal) }
}

/** Repeats have their number behind the experiment's name. */
function experimentOf(name: string): string {
  return name.replace(stamp, '').replace(/-\d+$/, '')
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
