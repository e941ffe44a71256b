import { median } from '../anomalies/z-score.ts'
import { number } from '../report/html.ts'
import { landing } from '../report/story.ts'
import { phaseColumns, phaseRows } from '../report/tables.ts'
import { textTable, wrap } from '../runner/screen.ts'
import type { HappenedFault, Journal } from '../runs/journal.ts'

/** A figure of a phase. `least`: a difference below this says nothing, in the figure's own unit. */
type Figure = { title: string; write: (value: number | null) => string; least: number }

const least: Partial<Record<string, number>> = { error_ratio: 0.01, due: 10, answered: 10, failed: 10, db_errors: 10 }
const ofPhase = phaseColumns.map(({ column, title, write }) => ({ column, title, write, least: least[column] ?? 2 }))
const ofFault: (Figure & { of: (fault: HappenedFault) => number | null })[] = [
  { title: 'fault felt after ms', write: number, least: 10, of: landing },
  { title: 'degraded after ms', write: number, least: 50, of: (one) => one.detected_after_ms },
  { title: 'back after ms', write: number, least: 50, of: (one) => one.recovered_after_ms },
]

/** One row: a figure of a phase on both sides, each with as many values as there are repeats. */
type Row = Figure & { phase: string; a: number[]; b: number[] }

/** Two runs side by side, or two sets of repeats by their medians: first what differs most, at last everything. */
export function compare(a: Journal[], b: Journal[]): string {
  const rows = rowsOf(a, b)
  const isRepeated = a.length > 1 || b.length > 1
  const parts = [
    `${headline('A', a)}\n${headline('B', b)}`,
    setUp(a, b),
    differences(rows, isRepeated),
    changes(a, b),
    `All figures:\n\n${table(rows, isRepeated)}`,
    isRepeated ? repeats : oneRun,
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

const oneRun = 'One run on each side cannot tell a difference from chance. Repeats (RUNS=5) can.'
const repeats = `Of repeats the median is shown. spread: from the smallest to the largest repeat, on the side where it is wider.
beyond: the difference is more than that, and more than 1 % of A.`

function headline(side: string, runs: Journal[]): string {
  const [first] = runs
  const verdicts = runs.map(({ verdict }) => verdict).join(', ')
  return `${side}: ${first?.experiment}, ${first?.mode}, started ${first?.started}: ${verdicts}`
}

/** What was done differently. */
function setUp([a]: Journal[], [b]: Journal[]): string {
  const faults = (run?: Journal) =>
    run?.planned.faults.map(({ kind, for_s }) => `${kind} for ${for_s} s`).join(', ') || 'none'
  const settings: [string, (run?: Journal) => string | undefined][] = [
    ['faults', faults],
    ['phases', (run) => run?.planned.phases.map(({ name, rate }) => `${name} ${rate}/s`).join(', ')],
    ['attacks', (run) => run?.attacks?.map(({ name }) => name).join(', ') || 'none'],
    ['settings', (run) => settingsOf(run)],
    ['journal mode', (run) => run?.environment.journal_mode],
    ['load by', (run) => run?.environment.load_generator],
    ['machine', (run) => `${run?.environment.cpus.count} x ${run?.environment.cpus.model}`],
  ]
  const lines = settings.flatMap(([name, of]) =>
    of(a) === of(b) ? [] : [wrap(`${name}: A ${of(a)}; B ${of(b)}`, '  ')],
  )
  return lines.length === 0 ? 'Both were set up alike.' : `Set up differently:\n${lines.join('\n')}`
}

function settingsOf(run?: Journal): string {
  const settings = Object.entries(run?.environment.settings ?? {}).map((one) => one.join('='))
  return settings.join(', ') || 'the usual ones'
}

/** The figures of every phase that either side has; a name that comes twice in a run is numbered. */
function rowsOf(a: Journal[], b: Journal[]): Row[] {
  const [inA, inB] = [byPhase(a), byPhase(b)]
  const names = [...new Set([...inA.keys(), ...inB.keys()])]
  return names.flatMap((phase) => {
    const values = (side: Map<string, Figures[]>, title: string) =>
      (side.get(phase) ?? []).flatMap((one) => one[title] ?? [])
    const figures: Figure[] = [...ofPhase, ...ofFault]
    const rows = figures.map((one) => ({ ...one, phase, a: values(inA, one.title), b: values(inB, one.title) }))
    return rows.filter(({ a, b }) => a.length > 0 || b.length > 0)
  })
}

type Figures = Record<string, number | null>

function byPhase(runs: Journal[]): Map<string, Figures[]> {
  const phases = new Map<string, Figures[]>()
  for (const run of runs) {
    const seen = new Map<string, number>()
    phaseRows(run).forEach((one, i) => {
      const times = (seen.get(one.name) ?? 0) + 1
      seen.set(one.name, times)
      const name = times > 1 ? `${one.name} (${times})` : one.name
      const { start_ms = 0, end_ms = 0 } = run.happened.phases[i] ?? {}
      const faults = run.happened.faults.filter(({ injected_ms: at }) => at >= start_ms && at < end_ms)
      const figures = Object.fromEntries([
        ...ofPhase.map(({ column, title }) => [title, one[column]]),
        ...ofFault.map(({ title, of }) => [title, middle(faults.flatMap((fault) => of(fault) ?? []))]),
      ])
      phases.set(name, [...(phases.get(name) ?? []), figures])
    })
  }
  return phases
}

const mostDifferences = 10
/** A quarter more or less is worth naming. */
const noticeable = Math.log(1.25)

/** The figures that differ most, by how many times; those of the warm-up mean nothing. */
function differences(rows: Row[], isRepeated: boolean): string {
  const found = rows
    .filter((row) => row.phase !== 'warm-up' && factor(row) >= noticeable && (!isRepeated || isBeyondSpread(row)))
    .sort((one, other) => factor(other) - factor(one))
    .slice(0, mostDifferences)
  if (found.length === 0) return 'No figure differs noticeably.'
  return `What differs most:\n\n${table(found, isRepeated)}`
}

/** How many times larger one side is, as a logarithm; differences within `least` count for little. */
function factor({ a, b, least }: Row): number {
  const [left, right] = [middle(a), middle(b)]
  if (left === null || right === null) return 0
  return Math.abs(Math.log((Math.abs(right) + least) / (Math.abs(left) + least)))
}

/** Without repeats there is no spread to show. */
function table(rows: Row[], isRepeated: boolean): string {
  const heads = ['phase: figure', 'A', 'B', 'difference', ...(isRepeated ? ['spread', 'beyond'] : [])]
  const lines = rows.map((row) => {
    const { phase, title, write, a, b } = row
    const [left, right] = [middle(a), middle(b)]
    const difference = left === null || right === null ? null : right - left
    const sign = difference !== null && difference > 0 ? '+' : ''
    const cells = [`${phase}: ${title}`, write(left), write(right), `${sign}${write(difference)}`]
    return isRepeated ? [...cells, write(spread(row)), isBeyondSpread(row) ? 'yes' : 'no'] : cells
  })
  return textTable(heads, lines)
}

function isBeyondSpread(row: Row): boolean {
  const [left, right] = [middle(row.a), middle(row.b)]
  if (left === null || right === null) return false
  return Math.abs(right - left) > Math.max(spread(row), Math.abs(left) / 100)
}

function spread({ a, b }: Row): number {
  const range = (values: number[]) => (values.length > 0 ? Math.max(...values) - Math.min(...values) : 0)
  return Math.max(range(a), range(b))
}

function middle(values: number[]): number | null {
  return values.length > 0 ? median(values) : null
}

/** The expectations that were met on one side only, and those that only one side has. */
function changes(a: Journal[], b: Journal[]): string {
  const [inA, inB] = [byExpectation(a), byExpectation(b)]
  const changed = [...inA].flatMap(([name, left]) => {
    const right = inB.get(name)
    if (!right || left.met / left.of === right.met / right.of) return []
    return [`  ${name}\n    A: ${metWords(left)}\n    B: ${metWords(right)}`]
  })
  const only = (side: Map<string, Met>, other: Map<string, Met>) =>
    [...side].flatMap(([name, one]) => (other.has(name) ? [] : [wrap(`${name}: ${metWords(one)}`, '  ')]))
  const parts = [
    ['Expectations that changed:', ...changed],
    ['Expected of A only:', ...only(inA, inB)],
    ['Expected of B only:', ...only(inB, inA)],
  ]
  const found = parts.filter(({ length }) => length > 1).map((lines) => lines.join('\n'))
  return found.join('\n\n') || 'Every expectation was met, or missed, on both sides alike.'
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

function metWords({ met, of, measured }: Met): string {
  return `met in ${met} of ${of}, measured ${measured.join('; ')}`
}
