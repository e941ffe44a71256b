import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { colors } from '../colors.ts'
import { goals } from '../goals.ts'
import { page } from '../page.ts'
import { text } from '../panels/text.ts'
import { number, words } from '../panels/tiles.ts'
import { timeSeries } from '../panels/time-series.ts'

const { baseline, peak } = goals
const ms = (seconds: number) => `${seconds * 1000} ms`

export const overview = (): Dashboard =>
  page('overview', 'Is the service all right?', [
    text(
      `**The short answer is in the top row; the three pictures below show why.** Dashed lines are the goals, shaded bands are faults the lab has injected. /health is left out: it is answered even in an outage. Try \`make load-peak\`, then \`make outage\`, then \`make recover\`.`,
    ),
    number({
      title: 'Database',
      description: 'What the API itself says: can it read and write its database?',
      size: [5, 5],
      unit: 'none',
      lines: [{ name: 'database', expr: 'db_available' }],
      from: [[null, colors.error]],
      texts: { 0: { text: 'unavailable', color: colors.error }, 1: { text: 'available', color: colors.database } },
      noValue: 'the API is silent',
    }),
    number({
      title: 'Error budget left',
      description: `The goal allows ${baseline.error_ratio * 100} % of the requests to fail. This is how much of that allowance is left, over the last hour.`,
      size: [5, 5],
      unit: 'percentunit',
      lines: [{ name: 'left', expr: 'clamp_min(api:error_budget:remaining1h, 0)' }],
      from: [
        [null, colors.error],
        [0.000001, colors.client],
        [0.5, colors.database],
      ],
      texts: { 0: { text: 'used up', color: colors.error } },
      noValue: 'no requests yet',
    }),
    words({
      title: 'Alerts',
      description:
        'The alerts that are firing now; grey ones only inform. What each means and what to do stands in docs/runbook.md.',
      size: [7, 5],
      lines: [
        {
          name: '{{alertname}}',
          expr: 'max by (alertname) (ALERTS{alertstate="firing",severity!="info"})',
          color: colors.error,
        },
        {
          name: '{{alertname}}',
          expr: 'max by (alertname) (ALERTS{alertstate="firing",severity="info"})',
          color: colors.goal,
        },
        { name: 'none', expr: 'vector(1) unless on () ALERTS{alertstate="firing"}', color: colors.database },
      ],
      noValue: 'none',
    }),
    words({
      title: 'The lab is doing',
      description: 'The fault that is injected, or the phase of the experiment that runs.',
      size: [7, 5],
      lines: [
        { name: 'fault: {{kind}}', expr: 'lab_fault_active == 1', color: colors.fault },
        { name: '{{experiment}}: {{phase}}', expr: 'lab_phase{experiment!="none"} == 1', color: colors.phase },
        {
          name: 'nothing',
          expr: '(lab_phase{experiment="none"} == 1) unless on () (lab_fault_active == 1)',
          color: colors.database,
        },
      ],
      noValue: 'the lab is not running',
    }),
    timeSeries({
      title: 'Requests',
      description: 'Requests answered each second, and how many of them with an error of the service (5xx).',
      size: [12, 8],
      unit: 'reqps',
      lines: [
        { name: 'all', expr: 'api:http_requests:rate5s', color: colors.server },
        { name: 'errors', expr: 'api:http_errors:rate5s', color: colors.error },
      ],
    }),
    timeSeries({
      title: 'Errors',
      description: `The share of requests answered with an error of the service (5xx). Goals: less than ${baseline.error_ratio * 100} % at ${baseline.rate} requests/s, ${peak.error_ratio * 100} % at ${peak.rate} (dashed).`,
      size: [12, 8],
      unit: 'percentunit',
      atLeast: 0.05,
      lines: [{ name: 'errors', expr: 'api:http_errors:ratio5s', color: colors.error }],
      goals: [baseline.error_ratio, peak.error_ratio],
    }),
    timeSeries({
      title: 'Latency',
      description: `How long answers take: half are faster than p50, all but 5 % faster than p95, all but 1 % faster than p99. Goals for p95: ${ms(baseline.seconds)} at ${baseline.rate} requests/s, ${ms(peak.seconds)} at ${peak.rate} (dashed).`,
      size: [24, 9],
      unit: 's',
      lines: [
        { name: 'p99', expr: 'api:http_request_duration_seconds:p99_5s', color: colors.serverDark },
        { name: 'p95', expr: 'api:http_request_duration_seconds:p95_5s', color: colors.server },
        { name: 'p50', expr: 'api:http_request_duration_seconds:p50_5s', color: colors.serverLight },
      ],
      atLeast: peak.seconds * 1.1,
      goals: [baseline.seconds, peak.seconds],
    }),
  ])
