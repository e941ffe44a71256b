import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Signal = { name: string; type?: string; unit: string; labels: string[] }

const document = readFileSync(join(import.meta.dirname, '../../docs/signals.md'), 'utf8')

/** The rows of a table of docs/signals.md. */
export function signalsUnder(heading: string): Signal[] {
  const section = document.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const [head = [], , ...rows] = section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  const cell = (row: string[], column: string) => row[head.indexOf(column)] ?? ''
  const names = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
  return rows.flatMap((row) =>
    names(cell(row, 'name')).map((name) => ({
      name,
      type: cell(row, 'type'),
      unit: cell(row, 'unit'),
      labels: names(cell(row, 'labels')).sort(),
    })),
  )
}

export const recorded = signalsUnder('Recorded series')
export const exposed = ['Metrics', 'Metrics of the lab', 'Metrics of k6', "Prometheus' own"].flatMap(signalsUnder)
