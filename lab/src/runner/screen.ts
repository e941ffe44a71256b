import type { Journal, JudgedExpectation, MetricsEvent } from '../runs/journal.ts'
import type { Judgement } from './judge.ts'
import type { ProbeSample } from './probe.ts'

const width = 76

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

export const heading = '   time  phase         sent  answered   p50 ms   p95 ms  failed  /health'

/** One second: what was sent and answered in it, and what /health said last. */
export function second(row: MetricsEvent, health?: ProbeSample): string {
  const failed = Math.round((row.error_ratio ?? 0) * (row.rate + row.dropped))
  return [
    `${String(row.second + 1).padStart(5)} s`,
    `  ${row.phase.padEnd(11)}`,
    String(row.rate).padStart(7),
    String(row.answered ?? '-').padStart(10),
    ms(row.p50_ms ?? Number.NaN).padStart(9),
    ms(row.p95_ms ?? Number.NaN).padStart(9),
    String(failed).padStart(8),
    `  ${healthWord(health)}`,
  ].join('')
}

function healthWord(sample?: ProbeSample): string {
  if (sample?.status !== 200) return 'no answer'
  return sample.degraded ? 'degraded' : 'ok'
}

export function ms(value: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(1)
}

/** What was expected, what was measured, yes or no: one row each, phases apart. */
export function table(expectations: JudgedExpectation[]): string {
  const rows = [row('expected', 'measured', 'met')]
  let phase = ''
  for (const one of expectations) {
    if (one.phase !== phase) rows.push('', one.phase)
    phase = one.phase
    rows.push(row(`  ${one.what}`, one.measured, one.met ? 'yes' : 'NO'))
  }
  return rows.join('\n')
}

export function row(what: string, measured: string, met: string): string {
  return `${what.padEnd(47)} ${measured.padEnd(23)} ${met}`
}

export function verdictLines({ verdict, reasons }: Judgement): string {
  const lines = reasons.map((reason) => wrap(reason, '  '))
  return [`${verdict}${reasons.length > 0 ? ':' : ''}`, ...lines].join('\n')
}

/** What was guessed beside what was measured. */
export function predictionLines(predictions: Journal['predictions']): string {
  const rows = predictions.map(
    ({ question, unit, guess, measured }) => `${wrap(question, '  ')}\n${guessed(guess, unit, measured)}`,
  )
  return ['your guess, and what was measured', ...rows].join('\n')
}

function guessed(guess: string, unit: string, measured: string): string {
  return `${`    ${guess} ${unit}`.padEnd(48)}${measured}`
}
