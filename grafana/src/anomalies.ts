import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { colors } from './colors.ts'
import { page } from './page.ts'
import { text, timeline, timeSeries } from './panels.ts'

const signals = {
  requests: { color: colors.client, unit: 'reqps', title: 'Requests' },
  errors: { color: colors.error, unit: 'percentunit', title: 'Errors' },
  latency: { color: colors.server, unit: 's', title: 'Latency, p95' },
  eventloop: { color: colors.serverDark, unit: 's', title: 'How late the thread is, p99' },
  logins: { color: colors.fault, unit: 'short', title: 'Refused logins in a minute' },
}

// The value and the band in which it usually lies.
function band(signal: keyof typeof signals) {
  const { color, unit, title } = signals[signal]
  const of = (name: string) => `api:signal:${name}{signal="${signal}"}`
  return timeSeries({
    title,
    description: 'The value, and between the dashed lines where it usually lies: three deviations around the mean.',
    size: [12, 7],
    unit,
    lines: [
      { name: 'value', expr: of('value'), color },
      { name: 'usual, at most', expr: `${of('mean5m')} + 3 * ${of('deviation5m')}`, color: colors.goal, dashed: true },
      {
        name: 'usual, at least',
        expr: `clamp_min(${of('mean5m')} - 3 * ${of('deviation5m')}, 0)`,
        color: colors.goal,
        dashed: true,
      },
    ],
  })
}

export const anomalies = (): Dashboard =>
  page('anomalies', 'Is anything out of the ordinary?', [
    text(
      '**A z-score says how unlike its last minutes a value is, whatever its unit: beyond ±3 hardly happens by chance.** It needs no goal and no knowledge, so it also cries when load merely begins. Try each `make outage MODE=…` and see what finds it, and how long it takes until trouble counts as usual.',
    ),
    timeSeries({
      title: 'How unusual (z-score)',
      description:
        'Deviations from the usual value of the five minutes that ended 30 s ago, drawn up to ±20; 0 until a minute and a half are known. Dashed: 3 and -3.',
      size: [24, 8],
      unit: 'none',
      decimals: 1,
      min: undefined,
      lines: [{ name: '{{signal}}', expr: 'clamp(api:signal:zscore, -20, 20)' }],
      goals: [-3, 3],
      colorOf: Object.fromEntries(Object.entries(signals).map(([name, { color }]) => [name, color])),
    }),
    timeline({
      title: 'Found, beside what was really wrong',
      description: 'The first row is the truth: a fault was injected. Below it, which signal was beyond ±3.',
      size: [24, 7],
      yes: 'yes',
      no: 'no',
      color: colors.fault,
      lines: [
        { name: 'fault', expr: 'max(lab_fault_active)' },
        { name: '{{signal}}', expr: 'abs(api:signal:zscore) > bool 3' },
      ],
    }),
    band('requests'),
    band('errors'),
    band('latency'),
    band('eventloop'),
  ])
