import { median } from '../anomalies/detect.ts'
import { number } from '../report/html.ts'
import { faultsIn, landing, unjudged } from '../report/story.ts'
import { phaseColumns, phaseRows, timesApart } from '../report/tables.ts'
import { settingsInWords } from '../report/tradeoff.ts'
import { textTable, wrap } from '../runner/screen.ts'
import type { HappenedFault, Journal } from '../runs/journal.ts'

/** Two runs side by side, or two sets of repeats by their medians: what was done differently, and what came out of it. */
export function compare(a: Journal[], b: Journal[]): string {
  const heads = `${headline('A', a)}\n${headline('B', b)}`
  return [heads, setUp(a, b), differences(a, b), changes(a, b), wrap(note)].join('\n\n')
}

const note =
  'One run on each side cannot tell a difference from chance; repeats (RUNS=5) can: of them the median is shown, with the smallest and the largest. What differs by less than that range, or by less than a quarter, is left out.'

function headline(side: string, runs: Journal[]): string {
  const [first] = runs
  const verdicts = runs.map(({ verdict = 'no verdict' }) => verdict).join(', ')
  return wrap(`${side}: ${first?.experiment}, ${first?.mode}, started ${first?.started}: ${verdicts}`)
}

type Setting = (run: Journal) => string | undefined
const settings: Record<string, Setting> = {
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
function setUp([a]: Journal[], [b]: Journal[]): string {
  const lines = Object.entries(settings).flatMap(([name, of]) => {
    const [left, right] = [a && of(a), b && of(b)]
    return left === right ? [] : [wrap(`${name}: A ${left}; B ${right}`, '  ')]
  })
  return lines.length === 0 ? 'Both were set up alike.' : `Set up differently:\n${lines.join('\n')}`
}

type Phase = Journal['happened']['phases'][number]

/** Every figure of a phase, once for each fault in it; `least`: differences below this are ignored, in its unit. */
const figures = [
  ...phaseColumns.map(({ column, ...rest }) => ({
    ...rest,
    of: (run: Journal, phase: Phase) => phaseRows(run).find(({ name }) => name === phase.name)?.[column],
  })),
  ...Object.entries({
    'fault felt after ms': landing,
    'degraded after ms': (fault: HappenedFault) => fault.detected_after_ms,
    'back after ms': (fault: HappenedFault) => fault.recovered_after_ms,
  }).map(([title, of]) => ({
    ...{ title, write: number, least: 50 },
    of: (run: Journal, phase: Phase) => faultsIn(run, phase).map(of),
  })),
]

/** A quarter more or less is worth naming. */
const noticeable = 1.25
const mostDifferences = 20

/** The figures that differ, by how many times; those of the warm-up mean nothing. */
function differences(a: Journal[], b: Journal[]): string {
  const [inA = [], inB = []] = [a, b].map(([run]) => run?.happened.phases.map(({ name }) => name))
  const phases = inA.filter((name) => name !== unjudged && inB.includes(name))
  if (phases.length === 0)
    return 'They have no phase in common, so no figure can be compared: choose runs of alike experiments.'
  const rows = phases.flatMap((phase) => figures.flatMap((figure) => difference(figure, phase, a, b) ?? []))
  rows.sort((one, other) => other.factor - one.factor)
  if (rows.length === 0) return 'No figure of a phase that both have differs noticeably.'
  const cells = rows.slice(0, mostDifferences).map((row) => row.cells)
  return `What differs most (the reports show all figures):\n\n${textTable(['phase: figure', 'A', 'B', 'difference'], cells)}`
}

/** A row of the table; undefined where the sides are alike, or where their repeats scatter by more than the difference. */
function difference({ title, write, least, of }: (typeof figures)[number], phase: string, a: Journal[], b: Journal[]) {
  const valuesIn = (runs: Journal[]) =>
    runs.flatMap((run) => {
      const phases = run.happened.phases.filter(({ name }) => name === phase)
      return phases.flatMap((one) => of(run, one)).filter((value) => typeof value === 'number')
    })
  const [inA, inB] = [valuesIn(a), valuesIn(b)]
  if (inA.length === 0 || inB.length === 0) return undefined
  const [left, right] = [median(inA), median(inB)]
  const factor = timesApart(left, right, least)
  if (factor < noticeable || Math.abs(right - left) <= Math.max(range(inA), range(inB))) return undefined
  const side = (values: number[]) =>
    range(values) === 0
      ? write(median(values))
      : `${write(median(values))} (${write(Math.min(...values))} to ${write(Math.max(...values))})`
  return {
    factor,
    cells: [`${phase}: ${title}`, side(inA), side(inB), `${right > left ? '+' : ''}${write(right - left)}`],
  }
}

function range(values: number[]): number {
  return Math.max(...values) - Math.min(...values)
}

/** The expectations that both sides have and that were not met on both alike. */
function changes(a: Journal[], b: Journal[]): string {
  const inB = byExpectation(b)
  const lines = [...byExpectation(a)].flatMap(([name, left]) => {
    const right = inB.get(name)
    if (!right || met(left) / left.length === met(right) / right.length) return []
    return [[wrap(name, '  '), wrap(`A: ${inWords(left)}`, '    '), wrap(`B: ${inWords(right)}`, '    ')].join('\n')]
  })
  if (lines.length === 0) return 'Every expectation that both have was met, or missed, on both sides alike.'
  return `Expectations that changed:\n${lines.join('\n')}`
}

type Judged = Journal['expectations']

function byExpectation(runs: Journal[]): Map<string, Judged> {
  const all = runs.flatMap(({ expectations }) => expectations)
  return Map.groupBy(all, ({ phase, what }) => `${phase}: ${what}`)
}

function met(judged: Judged): number {
  return judged.filter((one) => one.met).length
}

function inWords(judged: Judged): string {
  return `met in ${met(judged)} of ${judged.length}, measured ${judged.map(({ measured }) => measured).join('; ')}`
}
