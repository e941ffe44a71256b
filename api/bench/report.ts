import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { join } from 'node:path'

/** What one part has found: a table for the reader, and every raw figure for the file. */
export type Part = {
  title: string
  columns: string[]
  rows: Row[]
  /** What a reader must know to read the table rightly. */
  notes: string[]
  raw: unknown
}
export type Row = { cells: string[]; target?: { text: string; reached: boolean } }

export type Run = {
  quick: boolean
  /** Tells a person who waits what is being done. */
  say(text: string): void
}

export const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  platform: `${process.platform} ${process.arch}`,
  node: process.version,
  /** Average of the last minute before the bench: what else ran. */
  loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
}

/** The table as text: the first column to the left, figures to the right. */
export function table({ title, columns, rows, notes }: Part): string {
  const lines = rows.map(({ cells, target }) =>
    target ? [...cells, target.text, target.reached ? 'yes' : 'NO'] : [...cells, '', ''],
  )
  const head = [...columns, 'to reach', 'reached']
  const widths = head.map((name, i) => Math.max(name.length, ...lines.map((cells) => cells[i]?.length ?? 0)))
  const line = (cells: string[]) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  return [
    title,
    '',
    line(head),
    line(widths.map((width) => '-'.repeat(width))),
    ...lines.map(line),
    '',
    ...notes,
    '',
  ].join('\n')
}

/** Writes runs/<time>-bench/bench.json at the project's root and returns its path. */
export function save(report: object): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '')
  const run = join('runs', `${time}Z-bench`)
  const root = join(import.meta.dirname, '../..')
  mkdirSync(join(root, run), { recursive: true })
  writeFileSync(join(root, run, 'bench.json'), `${JSON.stringify(report, null, 2)}\n`)
  return join(run, 'bench.json')
}
