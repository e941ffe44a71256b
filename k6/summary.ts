import exec from 'k6/execution'
import { count } from '../lab/src/load/figures.ts'
import { classes } from './api.ts'
import { type Data, type Judgement, judge, type Row } from './judge.ts'
import { type Goal, type Load, options, thresholds } from './load.ts'

/** The options of a script with one load, and the summary at its end. */
export function judged(script: string, goal: Goal, load: Load) {
  return {
    options: options(load.scenarios, thresholds(goal, load.requests), goal),
    handleSummary: (data: Data) => {
      const found = judge(data, goal, load)
      const { p50, p95, p99, max } = found.latency_ms
      return summary(data, script, found, [
        `${script}: ${load.words}`,
        '',
        ...table(found.rows),
        '',
        `rate reached  ${found.rate} requests/s`,
        `answers       ${answers(data)}`,
        `latency       p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms, max ${max} ms`,
      ])
    },
  }
}

/**
 * What k6 prints in place of its own summary and, when RUN_DIR names a folder, writes to summary.json in it: schema,
 * script, testid, goals [{what, limit, measured, met, words}], rate (requests/s), requests, failed, dropped,
 * latency_ms {p50, p95, p99, max}, verdict, reasons, and `more`.
 */
export function summary(data: Data, script: string, found: Judgement, lines: string[], more: object = {}) {
  // setup() has printed why there was no load.
  if (!data.setup_data) return {}
  const { rows, reasons, rate, requests, failed, dropped, latency_ms, verdict } = found
  const next = {
    PASS: 'make outage FOR=20s, while make load-peak runs beside it',
    FAIL: 'make report SINCE=5m',
    INVALID: 'the same on a quieter machine, or a smaller load: make load SCRIPT=smoke',
  }
  const text = [...lines, '', verdict, ...reasons.flatMap((reason) => wrap(reason)), '', `Try next: ${next[verdict]}`]
  const testid = exec.test.options.tags?.testid
  const json = { schema: 1, script, testid, goals: rows, rate, requests, failed, dropped, latency_ms, verdict, reasons }
  const files: Record<string, string> = { stdout: `\n${text.map((line) => `  ${line}`.trimEnd()).join('\n')}\n\n` }
  if (__ENV.RUN_DIR) files[`${__ENV.RUN_DIR}/summary.json`] = `${JSON.stringify({ ...json, ...more }, null, 2)}\n`
  return files
}

function answers({ metrics }: Data): string {
  const words = classes.flatMap((name) => {
    const answers = metrics[`answers{class:${name}}`]?.values.count ?? 0
    return answers > 0 ? `${count(answers)} ${name === 'none' ? 'unanswered' : `with ${name}`}` : []
  })
  return words.join(', ') || 'none'
}

function table(rows: Row[]): string[] {
  const line = (what: string, words: string, met: string) => `${what.padEnd(30)}${words.padEnd(34)}${met}`
  return [line('goal', 'measured', 'met'), ...rows.map((row) => line(row.what, row.words, row.met ? 'yes' : 'NO'))]
}

/** Breaks a text into lines that fit a narrow terminal. */
function wrap(text: string): string[] {
  return (text.match(/.{1,74}(?: |$)/g) ?? []).map((line) => line.trimEnd())
}
