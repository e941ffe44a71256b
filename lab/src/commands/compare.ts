import { median } from '../anomalies/z-score.ts'
import { number, percent } from '../report/numbers.ts'
import type { Journal } from '../runs/journal.ts'
import { type PhaseFigures, phaseFigures } from '../runs/phase-figures.ts'
import { textTable } from './text-table.ts'

type Figure = Exclude<keyof PhaseFigures, 'name'>
type Write = (value: number | null) => string

const figures: [Figure, string, Write][] = [
  ['rate', 'asked/s', number],
  ['error_ratio', 'failed', percent],
  ['p50_ms', 'p50 ms', number],
  ['p95_ms', 'p95 ms', number],
  ['p99_ms', 'p99 ms', number],
  ['server_p95_ms', 'p95 server ms', number],
  ['event_loop_delay_ms', 'loop delay ms', number],
  ['db_errors', 'db_errors', number],
]

/** Two runs side by side, or two sets of repeats by their medians: figures per phase, and the expectations that changed. */
export function compare(a: Journal[], b: Journal[]): string {
  return [`${headline('A', a)}\n${headline('B', b)}`, phaseTable(a, b), verdictOnSpread(a, b), changes(a, b)].join(
    '\n\n',
  )
}

function headline(side: string, runs: Journal[]): string {
  const [first] = runs
  const verdicts = runs.map(({ verdict }) => verdict).join(', ')
  return `${side}: ${first?.experiment}, ${first?.mode}, started ${first?.started}: ${verdicts}`
}

/** The phases of all runs of one side under one name; a name that comes twice in a run is numbered. */
function byPhase(runs: Journal[]): Map<string, PhaseFigures[]> {
  const phases = new Map<string, PhaseFigures[]>()
  for (const run of runs) {
    const seen = new Map<string, number>()
    for (const one of phaseFigures(run)) {
      const times = (seen.get(one.name) ?? 0) + 1
      seen.set(one.name, times)
      const name = times > 1 ? `${one.name} (${times})` : one.name
      phases.set(name, [...(phases.get(name) ?? []), one])
    }
  }
  return phases
}

function phaseTable(a: Journal[], b: Journal[]): string {
  const [inA, inB] = [byPhase(a), byPhase(b)]
  const names = [...new Set([...inA.keys(), ...inB.keys()])]
  const rows = names.flatMap((name) => [
    [''],
    [name],
    ...figures.map(([figure, title, write]) =>
      row(title, write, valuesOf(inA, name, figure), valuesOf(inB, name, figure)),
    ),
  ])
  return textTable([['', 'A', 'B', 'difference', 'spread', 'larger'], ...rows])
}

function valuesOf(phases: Map<string, PhaseFigures[]>, name: string, figure: Figure): number[] {
  return (phases.get(name) ?? []).flatMap((one) => one[figure] ?? [])
}

function row(title: string, write: Write, a: number[], b: number[]): string[] {
  const [left, right] = [middle(a), middle(b)]
  const difference = left === null || right === null ? null : right - left
  const spread = a.length > 1 || b.length > 1 ? Math.max(range(a), range(b)) : null
  const sign = difference !== null && difference > 0 ? '+' : ''
  const least = Math.max(spread ?? 0, Math.abs(left ?? 0) / 100)
  const larger = difference === null || spread === null ? '?' : Math.abs(difference) > least ? 'yes' : 'no'
  return [`  ${title}`, write(left), write(right), `${sign}${write(difference)}`, write(spread), larger]
}

function middle(values: number[]): number | null {
  return values.length > 0 ? median(values) : null
}

function range(values: number[]): number {
  return values.length > 0 ? Math.max(...values) - Math.min(...values) : 0
}

function verdictOnSpread(a: Journal[], b: Journal[]): string {
  if (a.length === 1 && b.length === 1)
    return 'One run on each side: whether a difference is more than chance cannot be told. Repeats (RUNS=5) tell.'
  return 'spread: from the smallest to the largest of the repeats, on the side where it is wider. larger: the difference is more than that, and more than 1 % of A.'
}

function changes(a: Journal[], b: Journal[]): string {
  const [inA, inB] = [byExpectation(a), byExpectation(b)]
  const lines = [...new Set([...inA.keys(), ...inB.keys()])].flatMap((name) => {
    const [left, right] = [inA.get(name), inB.get(name)]
    const same = left && right && left.met / left.of === right.met / right.of
    return same ? [] : [`  ${name}\n    A: ${story(left)}\n    B: ${story(right)}`]
  })
  return lines.length === 0 ? 'No expectation changed.' : `Expectations that changed:\n${lines.join('\n')}`
}

type Met = { met: number; of: number; measured: string[] }

function byExpectation(runs: Journal[]): Map<string, Met> {
  const found = new Map<string, Met>()
  for (const { phase, what, met, measured } of runs.flatMap(({ expectations }) => expectations)) {
    const name = `${phase}: ${what}`
    const before = found.get(name) ?? { met: 0, of: 0, measured: [] }
    found.set(name, { met: before.met + Number(met), of: before.of + 1, measured: [...before.measured, measured] })
  }
  return found
}

function story(one?: Met): string {
  if (!one) return 'not expected'
  return `met in ${one.met} of ${one.of}, measured ${one.measured.join('; ')}`
}
