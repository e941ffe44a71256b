import type { Figures } from '../load/figures.ts'
import type { Journal, JudgedExpectation } from '../runs/journal.ts'
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

export const heading = '   time  phase        req/s    p50 ms    p95 ms   failed  /health'

/** One second: what was answered in it, and what /health said last. */
export function second(
  elapsedSeconds: number,
  phase: string,
  { answered, failed, p50_ms, p95_ms }: Figures,
  health?: ProbeSample,
): string {
  return [
    `${elapsedSeconds.toFixed(0).padStart(5)} s`,
    `  ${phase.padEnd(11)}`,
    String(answered).padStart(7),
    ms(p50_ms ?? Number.NaN).padStart(10),
    ms(p95_ms ?? Number.NaN).padStart(10),
    String(failed).padStart(9),
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
