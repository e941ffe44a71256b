import Table from 'cli-table3'
import { Help } from 'commander'
import { lesson, nextCommand, offBy, serviceStory, verdictWords } from '../report/story.ts'
import type { Journal } from '../runs/journal.ts'

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
  return new Help().boxWrap(text, width - indent.length).replace(/^(?=.)/gm, indent)
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

/** The same with the rows of each phase apart. */
export function phaseTable(heads: string[], rows: { phase: string; cells: string[] }[], widths?: number[]): string {
  const lines = rows.flatMap(({ phase, cells: [first, ...others] }, i) => [
    ...(phase === rows[i - 1]?.phase ? [] : [[''], [{ content: phase, colSpan: heads.length }]]),
    [`  ${first}`, ...others],
  ])
  return textTable(heads, lines, widths)
}

/** What came out of a run: the table, the guesses, the verdict, what was seen, why, and what to try next. */
export function conclusion(journal: Journal): string {
  const { expectations, predictions, verdict, reasons } = journal
  const [why, next] = [lesson(journal), nextCommand(journal)]
  const rows = expectations.map(({ phase, what, measured, met }) => {
    return { phase, cells: [what, measured, met ? 'yes' : 'NO'] }
  })
  const parts = [
    phaseTable(['expected', 'measured', 'met'], rows, [47, 24, 5]),
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
