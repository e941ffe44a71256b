import { number } from '../report/html.ts'
import { faultsIn, landing, worst } from '../report/story.ts'
import { phaseColumns, phaseRows, timesApart } from '../report/tables.ts'
import { settingsInWords } from '../report/tradeoff.ts'
import { textTable, wrap } from '../runner/screen.ts'
import type { Journal } from '../runs/journal.ts'

/** Two runs side by side: what was done differently, and what came out of it. */
export function compare(a: Journal, b: Journal): string {
  const heads = [headline('A', a), headline('B', b)].join('\n')
  return [heads, setUp(a, b), differences(a, b), changes(a, b), note].join('\n\n')
}

const note = 'One run on each side cannot tell a difference from chance: run both again.'

function headline(side: string, { experiment, mode, started, verdict }: Journal): string {
  return wrap(`${side}: ${experiment}, ${mode}, started ${started}: ${verdict ?? 'no verdict'}`)
}

const settings: Record<string, (run: Journal) => string | undefined> = {
  faults: ({ planned }) =>
    planned.faults.map(({ kind, for_s }) => `${kind} for ${number(for_s)} s`).join(', ') || 'none',
  phases: ({ planned }) => planned.phases.map(({ name, rate }) => `${name} ${rate}/s`).join(', '),
  attacks: ({ attacks }) => attacks?.map(({ name }) => name).join(', ') || 'none',
  settings: ({ environment }) => settingsInWords({ settings: environment.settings ?? {} }),
  'journal mode': ({ environment }) => environment.journal_mode,
  'load by': ({ environment }) => environment.load_generator,
  machine: ({ environment }) => `${environment.cpus.count} x ${environment.cpus.model}`,
}

/** What was done differently. */
function setUp(a: Journal, b: Journal): string {
  const lines = Object.entries(settings).flatMap(([name, of]) =>
    of(a) === of(b) ? [] : [wrap(`${name}: A ${of(a)}; B ${of(b)}`, '  ')],
  )
  return lines.length === 0 ? 'Both were set up alike.' : `Set up differently:\n${lines.join('\n')}`
}

const columns = [
  ...phaseColumns,
  { column: 'felt_ms', title: 'fault felt after ms', write: number, least: 50 },
  { column: 'degraded_ms', title: 'degraded after ms', write: number, least: 50 },
  { column: 'back_ms', title: 'back after ms', write: number, least: 50 },
] as const

/** The figures of each phase but the warm-up's, which mean nothing; of several faults the worst. */
function rowsOf(run: Journal) {
  const rows = phaseRows(run).map((row, i) => {
    const faults = run.happened.phases.slice(i, i + 1).flatMap((phase) => faultsIn(run, phase))
    return {
      ...row,
      felt_ms: worst(faults.map(landing)),
      degraded_ms: worst(faults.map((one) => one.detected_after_ms)),
      back_ms: worst(faults.map((one) => one.recovered_after_ms)),
    }
  })
  return rows.filter(({ warm_up }) => !warm_up)
}

/** A quarter more or less is worth naming. */
const noticeable = 1.25
const mostDifferences = 20

/** The figures that differ, by how many times. */
function differences(a: Journal, b: Journal): string {
  const inB = rowsOf(b)
  const pairs = rowsOf(a).flatMap((left) => {
    const right = inB.find(({ name }) => name === left.name)
    return right ? [{ left, right }] : []
  })
  if (pairs.length === 0)
    return 'They have no phase in common, so no figure can be compared: choose runs of alike experiments.'
  const rows = pairs.flatMap(({ left, right }) =>
    columns.flatMap(({ column, title, write, least }) => {
      const [was, is] = [left[column], right[column]]
      if (typeof was !== 'number' || typeof is !== 'number') return []
      const cells = [`${left.name}: ${title}`, write(was), write(is), `${is > was ? '+' : ''}${write(is - was)}`]
      return { factor: timesApart(was, is, least), cells }
    }),
  )
  const found = rows.filter(({ factor }) => factor >= noticeable).sort((one, other) => other.factor - one.factor)
  if (found.length === 0) return 'No figure of a phase that both have differs noticeably.'
  const cells = found.slice(0, mostDifferences).map((row) => row.cells)
  return `What differs most in the phases that both have (the reports show all figures):\n\n${textTable(['phase: figure', 'A', 'B', 'difference'], cells)}`
}

/** The expectations that both have and that were met in one of them only. */
function changes(a: Journal, b: Journal): string {
  const lines = a.expectations.flatMap((left) => {
    const right = b.expectations.find(({ phase, what }) => phase === left.phase && what === left.what)
    if (!right || right.met === left.met) return []
    const sides = Object.entries({ A: left, B: right })
    return [
      wrap(`${left.phase}: ${left.what}`, '  '),
      ...sides.map(([side, { met, measured }]) => wrap(`${side}: ${met ? 'met' : 'not met'}, ${measured}`, '    ')),
    ]
  })
  if (lines.length === 0) return 'Every expectation that both have was met, or missed, in both.'
  return `Expectations that changed:\n${lines.join('\n')}`
}
