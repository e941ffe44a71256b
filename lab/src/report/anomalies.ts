import {
  type Grade,
  graceS,
  gradeDetectors,
  sweep,
  sweptDetectors,
  thresholds,
  troublesIn,
} from '../anomalies/grade.ts'
import { defaults } from '../anomalies/series.ts'
import type { Journal, MetricsEvent } from '../runs/journal.ts'
import { type Html, html, number, percent } from './html.ts'
import { numbersTable, word } from './tables.ts'

/** How well the detector did on this run, since it is known when the trouble was there. */
export function anomalies({ seconds }: Journal): Html {
  const troubled = troublesIn(seconds).length > 0
  const [mean, median] = [gradeDetectors([seconds]), gradeDetectors([seconds], { ...defaults, method: 'median' })]
  const rows = mean.map(({ name, grade }, i) => [name, ...cells(grade), ...cells(median[i]?.grade ?? grade)])
  return html`<h2>Could a machine have noticed?</h2>
<p>The detector looks at each second alone, against the ${defaults.window} calm seconds before it, and does not know what
the experiment does. The lab knows, so the detector can be graded: the ordinary ${word('z-score', 'z-score')} beside the
robust one (median and ${word('MAD', 'mad')}), which a few wild seconds do not disturb. <em>The combination</em> asks for
two kinds of evidence at once, or for one that lasts.</p>
${numbersTable(['series', ...heads, ...heads], rows, [
  ['', 1],
  ['mean and deviation', heads.length],
  ['median and MAD', heads.length],
])}
<p class="says">Found: troubles in which an alarm began. Precision: troubles found among all alarms. Delay: seconds until the
end of the first alarmed one. False: alarms outside of the trouble and the ${graceS} s after it; the quiet part of a run is
short, so one of them is many per hour.${!troubled && ' This experiment caused no trouble on purpose: every alarm is a false one.'}</p>
${troubled && settings(seconds)}`
}

const heads = ['found', 'precision', 'delay', 'false', 'per hour']

function cells({ troubles, precision, mean_delay_s, false_alarms, false_alarms_per_hour }: Grade): string[] {
  const noticed = troubles.filter(({ delay_s }) => delay_s !== null).length
  return [
    troubles.length === 0 ? '–' : `${noticed} of ${troubles.length}`,
    percent(precision),
    mean_delay_s === null ? '–' : `${number(mean_delay_s)} s`,
    String(false_alarms),
    number(false_alarms_per_hour),
  ]
}

/** What each threshold would have done in this run. */
function settings(seconds: MetricsEvent[]): Html {
  const points = sweep([seconds]).filter(({ window }) => window === defaults.window)
  const rows = thresholds.map((threshold) => [
    String(threshold),
    ...sweptDetectors.flatMap((detector) => {
      const point = points.find((one) => one.detector === detector && one.threshold === threshold)
      const delay = point?.mean_delay_s ?? null
      return [percent(point?.recall), delay === null ? '–' : `${number(delay)} s`, number(point?.false_alarms_per_hour)]
    }),
  ])
  return html`<h3>Other thresholds</h3>
<p class="says">A higher threshold buys fewer false alarms; the price is delay, and at last trouble that is not noticed.</p>
${numbersTable(['threshold', ...sweptDetectors.flatMap(() => ['found', 'delay', 'false per hour'])], rows, [
  ['', 1],
  ...sweptDetectors.map((name): [string, number] => [name, 3]),
])}`
}
