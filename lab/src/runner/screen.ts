import { styleText } from 'node:util'
import Table from 'cli-table3'
import type { Tally } from '../attacks/outcomes.ts'
import { count } from '../report/html.ts'
import { nextCommand, offBy, serviceStory, verdictWords } from '../report/story.ts'
import type { Journal, JudgedExpectation } from '../runs/journal.ts'
import type { ProbeSample } from './probe.ts'

const width = 78

export function say(text = ''): void {
  console.log(text)
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

const noLines = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '' },
  ...{ 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
}

type Cell = string | { content: string; colSpan: number }
type Columns = { widths?: number[]; aligns?: ('left' | 'right')[] }

/** A table without lines: the first column to the left, the others, which hold numbers, to the right. */
export function textTable(heads: string[], rows: Cell[][], { widths, aligns }: Columns = {}): string {
  const table = new Table({
    head: heads,
    chars: noLines,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: aligns ?? heads.map((_, i) => (i === 0 ? 'left' : 'right')),
    colWidths: widths ?? [],
    wordWrap: widths !== undefined,
  })
  table.push(...rows)
  const lines = table.toString().split('\n')
  return lines.map((line) => line.trimEnd()).join('\n')
}

/** What the clients met in one second; latencies from the moment each request was due. */
export type Answers = { sent: number; answered: number; failed: number; latency_ms: { p95: number } }
export type LiveTable = (
  elapsedSeconds: number,
  phase: string,
  answers: Answers,
  health?: ProbeSample,
  attack?: Tally,
) => string | undefined

export const heading = '  time  phase        sent  answered  failed   p95 ms  /health'
export const attackHeading = `${heading}   let in`

const quietRows = 5

/**
 * Returns a function that writes a row for a second, or nothing where nothing has changed: then only every fifth second
 * is shown. What has changed is coloured, or named behind the row where the terminal has no colours.
 */
export function liveTable(hasColors = process.stdout.hasColors?.() ?? false): LiveTable {
  let before: Seen | undefined
  let hidden = 0
  return (elapsedSeconds, phase, answers, health, attack) => {
    const seen = { phase, ...answers, p95: answers.latency_ms.p95, health: healthWord(health), attack }
    const changes = before?.phase === undefined ? [] : changesIn(before, seen)
    const isShown = before?.phase !== phase || changes.length > 0 || hidden >= quietRows - 1
    before = seen
    hidden = isShown ? 0 : hidden + 1
    return isShown ? row(elapsedSeconds, seen, changes, hasColors) : undefined
  }
}

type Seen = Omit<Answers, 'latency_ms'> & { phase: string; p95: number; health: string; attack?: Tally }
type Changed = 'answered' | 'failed' | 'p95' | 'health' | 'attack'

/** A latency has changed when it is three times what it was, or a third, and people could notice. */
const [factor, noticeableMs] = [3, 20]

function changesIn(before: Seen, now: Seen): Changed[] {
  const isLate = ({ sent, answered }: Seen) => answered < 0.8 * sent
  const [lower, upper] = [Math.min(before.p95, now.p95), Math.max(before.p95, now.p95)]
  const changes: Record<Changed, boolean> = {
    answered: isLate(before) !== isLate(now),
    failed: before.failed > 0 !== now.failed > 0,
    p95: upper >= factor * lower && upper - lower >= noticeableMs,
    health: before.health !== now.health,
    attack: (before.attack?.accepted ?? 0) > 0 !== (now.attack?.accepted ?? 0) > 0,
  }
  return (Object.keys(changes) as Changed[]).filter((name) => changes[name])
}

function row(elapsedSeconds: number, seen: Seen, changes: Changed[], hasColors: boolean): string {
  const { phase, sent, answered, failed, p95, health, attack } = seen
  const isGood = failed === 0 && health === 'ok'
  const cell = (name: Changed, text: string) =>
    hasColors && changes.includes(name)
      ? styleText(['bold', isGood ? 'green' : 'red'], text, { validateStream: false })
      : text
  const cells = [
    `${elapsedSeconds.toFixed(0).padStart(4)} s`,
    `  ${phase.slice(0, 12).padEnd(12)}`,
    String(sent).padStart(5),
    cell('answered', String(answered).padStart(10)),
    cell('failed', String(failed).padStart(8)),
    cell('p95', ms(p95).padStart(9)),
    cell('health', `  ${health}`.padEnd(11)),
    ...(attack ? [cell('attack', `  ${attackCell(attack)}`)] : []),
    ...(hasColors || changes.length === 0 ? [] : [`<- ${changes.join(', ')}`]),
  ]
  return cells.join('').trimEnd()
}

function attackCell({ guesses, accepted, refused, unanswered, error }: Tally): string {
  if (guesses > 0) return `${count(guesses)} guesses`
  return `${accepted} of ${accepted + refused + unanswered + error}`
}

function healthWord(sample?: ProbeSample): string {
  if (sample?.status !== 200) return 'no answer'
  return sample.degraded ? 'degraded' : 'ok'
}

export function ms(value: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(1)
}

/** What was expected, what was measured, yes or no: one row each, phases apart. */
function expectationTable(expectations: JudgedExpectation[]): string {
  const rows = expectations.flatMap(({ phase, what, measured, met }, i) => [
    ...(phase === expectations[i - 1]?.phase ? [] : [[''], [{ content: phase, colSpan: 3 }]]),
    [`  ${what}`, measured, met ? 'yes' : 'NO'],
  ])
  return textTable(['expected', 'measured', 'met'], rows, { widths: [47, 24, 5], aligns: ['left', 'left', 'left'] })
}

/** What came out of a run: the table, the guesses, the verdict, what was seen, why, and what to try next. */
export function conclusion(journal: Journal): string {
  const { expectations, predictions, verdict, reasons, learned } = journal
  const next = nextCommand(journal)
  const parts = [
    expectationTable(expectations),
    ...(predictions.length > 0 ? [predictionLines(predictions)] : []),
    [wrap(`${verdict}: ${verdictWords(journal)}`), ...reasons.map((reason) => wrap(`- ${reason}`, '  '))].join('\n'),
    ['What you saw:', ...serviceStory(journal).map((one) => wrap(one, '  '))].join('\n'),
    ...(learned ? [`Why:\n${wrap(learned, '  ')}`] : []),
    ...(next ? [`Try next:\n  ${next}`] : []),
  ]
  return parts.join('\n\n')
}

/** What was guessed, what was measured, how far off that was, and why. */
function predictionLines(predictions: Journal['predictions']): string {
  const lines = predictions.map((one) => {
    const guess = one.guess === '?' ? 'no guess' : `your guess ${one.guess} ${one.unit}`
    const off = one.guess === '?' ? '' : `: ${offBy(one)}`
    return wrap(`${one.question} ${guess}, measured ${one.measured}${off}.${one.why ? ` Why: ${one.why}` : ''}`, '  ')
  })
  return ['Your predictions:', ...lines].join('\n')
}
