import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { reasonOf, UserError } from '../errors.ts'
import { findRun } from './find-run.ts'
import type { MetricsEvent } from './journal.ts'

export type Recorded = { name: string; events: MetricsEvent[] }

const eventsFile = 'metrics_events.jsonl'

/**
 * The seconds of a run (the newest, or a named one), of any .jsonl file, or of every .jsonl file in a folder. A UserError
 * when there are none.
 */
export function readEvents(runsFolder: string, name?: string): Recorded[] {
  const stat = name ? statSync(name, { throwIfNoEntry: false }) : undefined
  const files = name && stat?.isDirectory() ? jsonlFiles(name) : name && stat?.isFile() ? [name] : []
  if (files.length > 0) return files.map((file) => ({ name: nameOf(file), events: read(file) }))
  const run = findRun(runsFolder, name)
  return [{ name: run.name, events: run.journal.seconds }]
}

function jsonlFiles(folder: string): string[] {
  const names = readdirSync(folder).filter((one) => one.endsWith('.jsonl'))
  return names.sort().map((one) => join(folder, one))
}

function nameOf(file: string): string {
  const name = basename(file)
  return name === eventsFile ? basename(dirname(resolve(file))) : name
}

function read(file: string): MetricsEvent[] {
  let lines: string[]
  try {
    lines = readFileSync(file, 'utf8').split('\n')
  } catch (error) {
    throw new UserError(`${file} cannot be read (${reasonOf(error)}).`)
  }
  const events = lines.flatMap((line, i) => (line.trim() === '' ? [] : [parse(line, `${file}, line ${i + 1}`)]))
  if (events.length === 0)
    throw new UserError(`${file} has no seconds: it should hold one JSON object per line, as ${eventsFile} does.`)
  return events
}

function parse(line: string, where: string): MetricsEvent {
  try {
    const event = JSON.parse(line)
    if (typeof event?.second === 'number') return event
  } catch {
    // The same sentence as for any other line that is none.
  }
  throw new UserError(`${where}: this is not a second of ${eventsFile}, a JSON object with the number "second".`)
}
