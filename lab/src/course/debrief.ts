import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { detect } from '../anomalies/detect.ts'
import { number } from '../report/html.ts'
import type { Journal } from '../runs/journal.ts'
import { type Trouble, troubles } from './mystery.ts'
import { type Asked, letters, noIdea, optionsOf, provesNothing } from './numbers.ts'

// After a mystery: what a reader is asked, and the truth beside the answers. The terminal and the page ask and say the same.

/** What a reader of the numbers sees of each family of the detector's series. */
const columns = {
  traffic: 'sent (offered)',
  errors: 'failed',
  slowness: 'p95',
  database: '/health',
  silence: '/health',
}
const signals = [...new Set(Object.values(columns))]

/** The first second of the trouble as the rows count them, how long it lasted, and after how many seconds each signal raised an alarm. */
export function truthOf({ happened, seconds }: Journal) {
  const phase = happened.phases.find(({ name }) => name === 'trouble')
  const [fault] = happened.faults
  const begin = fault?.injected_ms ?? phase?.start_ms ?? 0
  const since = Math.floor(begin / 1000)
  const to = (phase?.end_ms ?? 0) / 1000
  const lasted = fault?.kind === 'crash' ? fault.recovered_after_ms : (fault?.undone_ms ?? 1000 * to) - begin
  const alarms = new Map<string, number>()
  for (const { family, alarms: alarmed } of detect(seconds).series) {
    const first = seconds.findIndex(({ second }, i) => alarmed[i] && second >= since && second < to + 5)
    const [signal, after] = [columns[family], first - since + 1]
    if (first >= 0 && after < (alarms.get(signal) ?? Infinity)) alarms.set(signal, after)
  }
  const least = Math.min(...alarms.values())
  // The clocks of rows and detector differ by less than a second.
  const first = signals.filter((signal) => (alarms.get(signal) ?? Infinity) <= least + 1)
  return { since: since + 1, lasted: (lasted ?? 0) / 1000, alarms, first }
}

const rules = join(import.meta.dirname, '../../../prometheus/rules/alerts.yml')

/** Whether a rule calls for a trouble of so many seconds; undefined where it looks at an average, which the trouble moves for longer. */
export function wouldCall(alert: string, lasted: number) {
  const rule =
    readFileSync(rules, 'utf8')
      .split('- alert: ')
      .find((one) => one.startsWith(`${alert}\n`)) ?? ''
  const waits = Number(/ for: (\d+)s/.exec(rule)?.[1] ?? 0)
  const over = /_(\d+[sm]) >/.exec(rule)?.[1]
  return { waits, over, calls: over ? undefined : lasted >= waits }
}

export const mysteryQuestions: Asked[] = [
  { ask: 'What was it?', options: Object.values(troubles).map(({ says }) => says) },
  { ask: 'Since which second?', number: 'second' },
  { ask: 'Which number showed it first?', options: signals },
]

/** `rows`: each question, the answer, the truth. */
export type Debrief = { rows: [string, string, string][]; remarks: string[] }

export function debriefOf(journal: Journal, trouble: Trouble, answers: string[]): Debrief {
  const { says, why, alert } = troubles[trouble]
  const truth = truthOf(journal)
  const { waits, over, calls } = wouldCall(alert, truth.lasted)
  const outcome = over
    ? `Its number covers the last ${over}, so whether it calls is seen only there`
    : `It would ${calls ? '' : 'not '}have called`
  const [what = '', since = '', signal = ''] = mysteryQuestions.map((question, i) => {
    const answer = answers[i] ?? noIdea
    return optionsOf(question)[letters.indexOf(answer)] ?? answer
  })
  const late = Number(since) - truth.since
  const off = late === 0 ? ': exactly' : late ? `: ${Math.abs(late)} s ${late > 0 ? 'late' : 'early'}` : ''
  const isFirst = truth.first.some((one) => one === signal)
  const noticed = signals.map((one) => {
    const after = truth.alarms.get(one)
    return `${one} ${after === undefined ? 'never' : `in second ${truth.since + after - 1}`}`
  })
  const invalid = `INVALID: the numbers may mislead here, play another one. The reason: ${journal.reasons[0] ?? ''}`
  return {
    rows: [
      ['what', what, what === says ? 'right' : says],
      ['since second', since, `${truth.since}${off}`],
      ['first signal', signal, isFirst ? 'right' : truth.first.join(' and ') || 'none moved far'],
    ],
    remarks: [
      ...(provesNothing(journal) ? [invalid] : []),
      `Why: ${why}`,
      `What the anomaly detector noticed: ${noticed.join(', ')}. It knows nothing of faults: it compares each number with its own last 30 seconds.`,
      `An alert is a rule that calls a person. In the stack (make up) the rule for this is named ${alert}; it waits for ${waits} s, and this trouble lasted for ${number(truth.lasted)} s. ${outcome}. What this person should do then stands in the runbook, docs/runbook.md.`,
    ],
  }
}
