import { styleText } from 'node:util'
import Table from 'cli-table3'
import type { Tally } from '../attacks/attack.ts'
import { number } from '../report/html.ts'
import { lesson, nextCommand, offBy, serviceStory, verdictWords } from '../report/story.ts'
import type { Journal, JudgedExpectation } from '../runs/journal.ts'
import type { ProbeSample } from './probe.ts'

const width = 78

let isQuiet = false

/** While many experiments are played for a scorecard, only its progress is shown. */
export function beQuiet(quiet: boolean): void {
  isQuiet = quiet
}

export function say(text = ''): void {
  if (!isQuiet) console.log(text)
}

/** Breaks a text into lines that fit a narrow terminal. */
export function wrap(text: string, indent = ''): string {
  const lines: string[] = []
  let line = indent
  for (const word of text.split(' ')) {
    if (line.length + word.length > width && line !== indent) {
      lines.push(line.trimEnd())
      line = indent
    }
    line += `${word} `
  }
  return [...lines, line.trimEnd()].join('\n')
}

/** A text of paragraphs, as it stands in a file: breaks its lines anew. */
export function paragraphs(text: string): string {
  const found = text.trim().split(/\n\s*\n/)
  return found.map((one) => wrap(one.replace(/\s+/g, ' ').trim())).join('\n\n')
}

// The library draws lines between cells unless each of their parts is empty.
const parts =
  'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid'
const chars = { ...Object.fromEntries(parts.split(' ').map((part) => [part, ''])), middle: '  ' }

type Cell = string | { content: string; colSpan: number }

/** A table without lines. The first column is text, the others hold numbers; with `widths` all are text, which wraps. */
export function textTable(heads: string[], rows: Cell[][], widths?: number[]): string {
  const table = new Table({
    head: heads,
    chars,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: heads.map((_, i) => (widths || i === 0 ? 'left' : 'right')),
    colWidths: widths ?? [],
    wordWrap: widths !== undefined,
  })
  table.push(...rows)
  const lines = table.toString().split('\n')
  return lines.map((line) => line.trimEnd()).join('\n')
}

/** What the clients met in one second: requests sent, answers that arrived, and how many of those failed. */
export type Answers = { sent: number; answered: number; failed: number; p95_ms: number | null }

/** Writes the row of a second, counted from 0, with what /health said last; undefined where it is not worth a row. */
type LiveTable = (
  second: number,
  phase: string,
  answers: Answers,
  health?: ProbeSample,
  attack?: Tally,
) => string | undefined

export const heading = '  time  phase        sent answered failed  p95 ms  /health'
export const attackHeading = `${heading}   let in`

const quietRows = 5

/** Explains the table of seconds. */
export const legend = `A row is one second and counts the answers that came in it; the report counts a request when it was due. Of seconds like the one before only every fifth is shown. Behind "<-" stands what has changed: "answered" when fewer than 8 of 10 requests got an answer in this second (or enough again), "failed", "p95" or "health".`

/**
 * Returns a function that writes a row for a second, or nothing where nothing has changed: then only every fifth second
 * is shown. What has changed is named behind the row: in red where it got worse, in green where it got better. `isPlain`:
 * every second, and no such help.
 */
export function liveTable({
  hasColors = process.stdout.hasColors?.() ?? false,
  isPlain = false,
}: {
  hasColors?: boolean
  isPlain?: boolean
} = {}): LiveTable {
  let before: Seen | undefined
  let hidden = 0
  return (second, phase, answers, health, attack) => {
    const seen = { second, phase, ...answers, health: healthWord(health), attack }
    const isNew = before?.phase !== seen.phase
    const changes = before === undefined ? [] : changesIn(before, seen)
    const isShown = isPlain || isNew || changes.length > 0 || hidden >= quietRows - 1
    before = seen
    hidden = isShown ? 0 : hidden + 1
    return isShown ? row(seen, isPlain ? [] : changes, hasColors) : undefined
  }
}

type Seen = Answers & { second: number; phase: string; health: string; attack?: Tally }
type Change = { name: string; isWorse: boolean }

// A latency has changed when it is three times what it was, or a third, and by more than people overlook.
const [factor, noticeableMs] = [3, 20]

/** What has changed since the second before, and whether for the worse. */
function changesIn(before: Seen, now: Seen): Change[] {
  const isLate = ({ sent, answered }: Seen) => answered < 0.8 * sent
  const isIn = ({ attack }: Seen) => (attack?.accepted ?? 0) > 0
  const [was, is] = [before.p95_ms ?? 0, now.p95_ms ?? 0]
  const isOtherLatency = Math.max(was, is) >= factor * Math.min(was, is) && Math.abs(is - was) >= noticeableMs
  const changes = [
    { name: 'answered', hasChanged: isLate(before) !== isLate(now), isWorse: isLate(now) },
    { name: 'failed', hasChanged: before.failed > 0 !== now.failed > 0, isWorse: now.failed > 0 },
    { name: 'p95', hasChanged: isOtherLatency, isWorse: is > was },
    { name: 'health', hasChanged: before.health !== now.health, isWorse: now.health !== 'ok' },
    { name: 'let in', hasChanged: isIn(before) !== isIn(now), isWorse: isIn(now) },
  ]
  return changes.filter(({ hasChanged }) => hasChanged)
}

function row(
  { second, phase, sent, answered, failed, p95_ms, health, attack }: Seen,
  changes: Change[],
  hasColors: boolean,
) {
  const cells = [
    `${String(second + 1).padStart(4)} s  ${phase.slice(0, 11).padEnd(11)}`,
    String(sent).padStart(6),
    String(answered).padStart(9),
    String(failed).padStart(7),
    (p95_ms === null ? '-' : number(p95_ms)).padStart(8),
    `  ${health.padEnd(10)}`,
    ...(attack ? [`${attackCell(attack).padEnd(8)} `] : []),
  ]
  // There is room for two words, and beside an attack for one.
  const words = changes
    .slice(0, attack ? 1 : 2)
    .map(({ name, isWorse }) =>
      hasColors ? styleText(['bold', isWorse ? 'red' : 'green'], name, { validateStream: false }) : name,
    )
  return `${cells.join('')}${words.length > 0 ? `<- ${words.join(', ')}` : ''}`.trimEnd()
}

/** As many guesses as fit into a second must leave room for a word behind them. */
const compact = new Intl.NumberFormat('en', { notation: 'compact' })

function attackCell({ guesses, accepted, refused, unanswered, error }: Tally): string {
  return guesses > 0 ? `${compact.format(guesses)} tried` : `${accepted} of ${accepted + refused + unanswered + error}`
}

function healthWord(sample?: ProbeSample): string {
  if (sample?.status !== 200) return 'no answer'
  return sample.degraded ? 'degraded' : 'ok'
}

/** What was expected, what was measured, yes or no: one row each, phases apart. */
function expectationTable(expectations: JudgedExpectation[]): string {
  const rows = expectations.flatMap(({ phase, what, measured, met }, i) => [
    ...(phase === expectations[i - 1]?.phase ? [] : [[''], [{ content: phase, colSpan: 3 }]]),
    [`  ${what}`, measured, met ? 'yes' : 'NO'],
  ])
  return textTable(['expected', 'measured', 'met'], rows, [47, 24, 5])
}

/** What came out of a run: the table, the guesses, the verdict, what was seen, why, and what to try next. */
export function conclusion(journal: Journal): string {
  const { expectations, predictions, verdict, reasons } = journal
  const [why, next] = [lesson(journal), nextCommand(journal)]
  const parts = [
    expectationTable(expectations),
    ...(predictions.length > 0 ? [predictionLines(predictions)] : []),
    [wrap(`${verdict}: ${verdictWords(journal)}`), ...reasons.map((reason) => wrap(`- ${reason}`, '  '))].join('\n'),
    ['What you saw:', ...serviceStory(journal).map((one) => wrap(one, '  '))].join('\n'),
    ...(why ? [`${why.title}:\n${wrap(why.text, '  ')}`] : []),
    ...(next ? [`Try next:\n  ${next}`] : []),
  ]
  return parts.join('\n\n')
}

/** What was guessed, what was measured, how far off that was, and why. */
function predictionLines(predictions: Journal['predictions']): string {
  const lines = predictions.map((one) => {
    const guess = one.guess === '?' ? 'no guess' : `your guess ${one.guess} ${one.unit}`.trimEnd()
    const off = one.guess === '?' ? '' : `: ${offBy(one)}`
    return wrap(`${one.question} ${guess}, measured ${one.measured}${off}.${one.why ? ` Why: ${one.why}` : ''}`, '  ')
  })
  return ['Your predictions:', ...lines].join('\n')
}
