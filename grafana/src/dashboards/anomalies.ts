import { defaults } from '../../../lab/src/anomalies/detect.ts'
import { colors, quiet, signalColors } from '../colors.ts'
import { goalLine } from '../goals.ts'
import { type Page, page } from '../page.ts'
import { timeSeries } from '../panels/time-series.ts'
import { timeline } from '../panels/timeline.ts'

const { threshold } = defaults
const signals = {
  requests: { unit: 'reqps', title: 'Requests per second', changesWith: 'load' },
  errors: { unit: 'percentunit', title: 'Error ratio', changesWith: 'outage', most: 1 },
  latency: { unit: 's', title: 'Latency, p95', changesWith: 'load' },
  eventloop: { unit: 's', title: 'Delay of the event loop, p99', changesWith: 'load' },
} as const

// The value and the band in which it usually lies.
function band(signal: keyof typeof signals) {
  const { unit, title, changesWith } = signals[signal]
  const of = (name: string) => `api:signal:${name}{signal="${signal}"}`
  const edge = (sign: '+' | '-') => `${of('mean5m')} ${sign} ${threshold} * ${of('deviation5m')}`
  const upper = 'most' in signals[signal] ? `clamp_max(${edge('+')}, ${signals[signal].most})` : edge('+')
  const line = { color: colors.goal, dashed: true }
  return timeSeries({
    title,
    description: `The value, and two dashed lines between which it usually lies: ${threshold} deviations around the mean.`,
    good: 'between the dashed lines.',
    size: [12, 7],
    unit,
    lines: [
      { name: 'usual, at most', expr: upper, ...line },
      { name: 'usual, at least', expr: `clamp_min(${edge('-')}, 0)`, ...line },
      { name: 'value', expr: of('value'), color: signalColors[signal], mayBeEmpty: signal === 'latency' },
    ],
    changesWith,
  })
}

// The truth: a fault, an overload or an attack that the lab makes, or an API that does not even answer /health (kill -9).
const trouble = (range = '') => {
  const of = (series: string) => (range ? `max_over_time(${series}[${range}])` : series)
  const silent = range
    ? `min_over_time(lab_probe_status{target="health"}[${range}]) == bool 0`
    : 'lab_probe_status{target="health"} == bool 0'
  return `max(${of('lab_fault_active')} or ${of('lab_trouble_active')} or (${silent}))`
}
// 0 quiet, 1 an alarm without trouble, 2 trouble without an alarm, 3 both; empty in the 10 s of recovery after trouble.
const outcome = `(abs(api:signal:zscore) >= bool ${threshold}) + on () group_left () 2 * (${trouble()} or vector(0)) unless on () (${trouble('10s')} > ${trouble()})`

export const anomalies = (): Page =>
  page(
    'anomalies',
    'Are there anomalies?',
    `**A z-score counts deviations from the recent mean. Beyond ±${threshold} is an alarm.** Try each \`make outage MODE=…\`.`,
    [
      timeSeries({
        title: 'z-score of each signal',
        description: `Distance from the mean of the calm seconds of the last 5 minutes, in standard deviations; drawn up to ±20. 0 before 10 calm seconds are known. Dashed: the limits of an alarm.`,
        good: 'between the dashed lines.',
        size: [24, 8],
        unit: 'none',
        decimals: 1,
        signed: true,
        lines: [
          { name: '{{signal}}', expr: 'clamp(api:signal:zscore, -20, 20)', color: signalColors },
          goalLine('alarm above', threshold),
          goalLine('alarm below', -threshold),
        ],
        changesWith: 'outage',
      }),
      timeline({
        title: 'Trouble found, and false alarms',
        description:
          'The first row is the truth: a fault, an overload or an attack on purpose, or an API that does not answer at all. The others compare each signal with it. Load within the goals is no trouble, so its alarms are false. Empty: the 10 s of recovery after trouble, and latency without a success.',
        good: 'found in at least one row soon after the trouble begins, and nothing false.',
        size: [24, 7],
        states: [
          ['quiet', quiet],
          ['false alarm', colors.client],
          ['no alarm', colors.refused],
          ['found', colors.database],
          ['trouble', colors.other],
        ],
        lines: [
          { name: 'trouble', expr: `4 * ${trouble()}` },
          { name: '{{signal}}', expr: outcome, mayBeEmpty: true },
        ],
        changesWith: 'outage',
      }),
      band('requests'),
      band('errors'),
      band('latency'),
      band('eventloop'),
    ],
  )
