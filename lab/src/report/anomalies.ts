import { detect, type Method, usual } from '../anomalies/detect.ts'
import { faultWindows, type Grade, graceS, grade } from '../anomalies/grade.ts'
import { sweep } from '../anomalies/sweep.ts'
import type { Journal, MetricsEvent } from '../runner/journal.ts'
import { type Html, html } from './html.ts'
import { number, percent } from './numbers.ts'
import { sweepChart } from './sweep-chart.ts'
import { numbersTable } from './tables.ts'

/** How well the detector did on this run, since it is known when the fault was on. */
export function anomalies({ seconds }: Journal): Html {
  const faulted = faultWindows(seconds).length > 0
  return html`<h2>Could a machine have noticed?</h2>
<p>The detector looks at each second alone, against the ${usual.window} calm seconds before it, and knows nothing of the
fault. The runner does know, so the detector can be graded: beside the ordinary z-score stands the robust one (median),
which a few wild seconds do not disturb. <em>The combination</em> asks for two kinds of evidence at once, or for one
that lasts.</p>
${numbersTable(['series', ...heads, ...heads], rows(seconds), over)}
<p class="says">Delay: seconds until the end of the first alarmed one. Held: share of the fault's seconds that were alarmed.
False: alarms outside of the fault and the ${graceS} s after it.${!faulted && ' There was no fault in this run: every alarm is a false one.'}</p>
${faulted && sweepChart(sweep([seconds]))}`
}

const heads = ['found', 'delay', 'held', 'false']
const over: [string, number][] = [
  ['', 1],
  ['mean and deviation', heads.length],
  ['median and MAD', heads.length],
]

/** One row per voice: graded with mean and deviation, and with median and MAD. */
export function rows(seconds: MetricsEvent[]): string[][] {
  const [mean, median] = (['mean', 'median'] as Method[]).map((method) => voices(seconds, method))
  return (mean ?? []).map(([name, one], i) => [name, ...cells(one), ...cells(median?.[i]?.[1] ?? one)])
}

function voices(seconds: MetricsEvent[], method: Method): [string, Grade][] {
  const found = detect(seconds, { ...usual, method })
  const all: [string, boolean[]][] = [
    ['the combination', found.combined],
    ['any one series', found.anySeries],
    ...found.series.map(({ name, alarms }): [string, boolean[]] => [name, alarms]),
  ]
  return all.map(([name, alarms]) => [name, grade([{ events: seconds, alarms }], usual.warmUp)])
}

function cells({ faults, recall, mean_delay_s, held, false_alarms }: Grade): string[] {
  const noticed = faults.filter(({ delay_s }) => delay_s !== null).length
  return [
    recall === null ? '–' : `${noticed} of ${faults.length}`,
    mean_delay_s === null ? '–' : `${number(mean_delay_s)} s`,
    percent(held),
    String(false_alarms),
  ]
}
