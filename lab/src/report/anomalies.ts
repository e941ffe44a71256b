import { usual } from '../anomalies/detect.ts'
import { type GradedVoice, gradeVoices } from '../anomalies/detectors.ts'
import { faultWindows, type Grade, graceS } from '../anomalies/grade.ts'
import { sweep } from '../anomalies/sweep.ts'
import type { Journal, MetricsEvent } from '../runs/journal.ts'
import { type Html, html } from './html.ts'
import { number, percent } from './numbers.ts'
import { sweepChart } from './sweep-chart.ts'
import { numbersTable } from './tables.ts'

/** How well the detector did on this run, since it is known when the fault was on. */
export function anomalies({ seconds, attacks }: Journal): Html {
  const faulted = faultWindows(seconds).length > 0
  return html`<h2>Could a machine have noticed?</h2>
<p>The detector looks at each second alone, against the ${usual.window} calm seconds before it, and knows nothing of the
fault. The runner does know, so the detector can be graded: beside the ordinary z-score stands the robust one (median),
which a few wild seconds do not disturb. <em>The combination</em> asks for two kinds of evidence at once, or for one
that lasts.</p>
${numbersTable(['series', ...heads, ...heads], rows(seconds), over)}
<p class="says">Found: faults in which an alarm began. Precision: faults found among all alarms. Delay: seconds until the
end of the first alarmed one. False: alarms outside of the fault and the ${graceS} s after it; the quiet part of a run is
short, so one of them is many per hour.${!faulted && ` There was no fault in this run: every alarm is a false one${attacks ? ', even where the attack raised it' : ''}.`}</p>
${faulted && sweepChart(sweep([seconds]))}`
}

const heads = ['found', 'precision', 'delay', 'false', 'per hour']
const over: [string, number][] = [
  ['', 1],
  ['mean and deviation', heads.length],
  ['median and MAD', heads.length],
]

function rows(seconds: MetricsEvent[]): string[][] {
  const median = gradeVoices([seconds], { ...usual, method: 'median' })
  return gradeVoices([seconds]).map(({ name, grade }, i) => [
    name,
    ...cells(grade),
    ...cells((median[i] as GradedVoice).grade),
  ])
}

function cells({ faults, recall, precision, mean_delay_s, false_alarms, false_alarms_per_hour }: Grade): string[] {
  const noticed = faults.filter(({ delay_s }) => delay_s !== null).length
  return [
    recall === null ? '–' : `${noticed} of ${faults.length}`,
    percent(precision),
    mean_delay_s === null ? '–' : `${number(mean_delay_s)} s`,
    String(false_alarms),
    number(false_alarms_per_hour),
  ]
}
