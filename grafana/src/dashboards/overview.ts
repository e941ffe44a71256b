import { colors, tiles } from '../colors.ts'
import { errorGoals, goals, latencyGoals } from '../goals.ts'
import { type Page, page } from '../page.ts'
import { ofEachInstance } from '../panels/panel.ts'
import { number, words } from '../panels/tiles.ts'
import { timeSeries } from '../panels/time-series.ts'
import { alertLinks } from './runbook.ts'

const { baseline, peak } = goals
const percent = (ratio: number) => `${ratio * 100} %`
const firing = (severity: string) => `max by (alertname) (ALERTS{alertstate="firing",severity="${severity}"})`

export const overview = (): Page =>
  page(
    'overview',
    'Is the service all right?',
    '**The first tile answers; alerts and charts say why.** Try `make load-peak`, then `make outage`, then `make recover`.',
    [
      number({
        title: 'State of the service',
        description: `All right, degraded or down, and the reason. Errors and latency of the last 5 s are compared with the goals of ${baseline.rate} requests/s, and when the load is more than a tenth above that, with those of ${peak.rate}. *Outage* shows more.`,
        good: 'all right.',
        size: [8, 5],
        unit: 'none',
        lines: [{ name: '{{why}}', expr: 'api:service:state' }],
        from: [[null, tiles.good]],
        texts: {
          0: { text: 'all right', color: tiles.good },
          1: { text: 'degraded', color: tiles.warning },
          2: { text: 'down', color: tiles.bad },
        },
        named: true,
        noValue: 'Prometheus has no data',
        changesWith: 'outage',
      }),
      number({
        title: 'Error budget, 10 min',
        description: `The baseline goal allows ${percent(baseline.error_ratio)} of the requests to fail. The tile shows how much of this allowance is left of the last 10 minutes, and its trend.`,
        good: '100 %. It comes back within 10 minutes after an outage.',
        size: [8, 5],
        unit: 'percentunit',
        lines: [{ name: 'left', expr: 'api:error_budget:remaining10m' }],
        from: [
          [null, colors.client],
          [0.5, colors.database],
        ],
        texts: { 0: { text: 'all spent', color: colors.error } },
        trend: true,
        noValue: 'no requests yet',
        changesWith: 'outage',
      }),
      words({
        title: 'What the lab is doing',
        description: 'The injected fault, and the running experiment or load with its phase.',
        good: 'what you started, or nothing.',
        size: [8, 5],
        lines: [
          { name: 'fault: {{kind}}', expr: 'lab_fault_active == 1', color: tiles.fault, mayBeEmpty: true },
          {
            name: '{{experiment}}: {{phase}}',
            expr: 'lab_phase{experiment!="none"} == 1',
            color: tiles.load,
            mayBeEmpty: true,
          },
          {
            name: 'nothing',
            expr: '(lab_phase{experiment="none"} == 1) unless on () (lab_fault_active == 1)',
            color: tiles.info,
            mayBeEmpty: true,
          },
        ],
        noValue: 'the lab does not run',
        changesWith: 'outage',
      }),
      words({
        title: 'Alerts that fire now',
        description:
          'Red is critical, brown is a warning, grey only informs. Click an alert for its runbook and its dashboard.',
        good: 'no alert.',
        size: [8, 8],
        lines: [
          { name: '{{alertname}}', expr: firing('critical'), color: tiles.bad, mayBeEmpty: true },
          { name: '{{alertname}}', expr: firing('warning'), color: tiles.warning, mayBeEmpty: true },
          { name: '{{alertname}}', expr: firing('info'), color: tiles.info, mayBeEmpty: true },
          {
            name: 'no alert',
            expr: 'vector(1) unless on () ALERTS{alertstate="firing"}',
            color: tiles.good,
            mayBeEmpty: true,
          },
        ],
        links: alertLinks,
        noValue: 'no alert',
        changesWith: 'outage',
      }),
      timeSeries({
        title: 'Requests per second',
        description:
          'Answered requests, and those answered with a server error (5xx). /health is not counted. Of several processes each has a line too.',
        good: 'as many as the clients send, and no errors.',
        size: [8, 8],
        unit: 'reqps',
        lines: [
          { name: 'all', expr: 'api:http_requests:rate5s', color: colors.server },
          { name: 'errors', expr: 'api:http_errors:rate5s', color: colors.error },
          ofEachInstance(
            'all',
            'sum by (instance) (rate(http_server_request_duration_seconds_count{http_route!="/health"}[5s]))',
            colors.serverLight,
          ),
        ],
        changesWith: 'load',
      }),
      timeSeries({
        title: 'Error ratio',
        description: 'Share of the requests that are answered with a server error (5xx).',
        good: 'below the dashed lines.',
        size: [8, 8],
        unit: 'percentunit',
        atLeast: 0.05,
        lines: [{ name: 'errors', expr: 'api:http_errors:ratio5s', color: colors.error }, ...errorGoals],
        changesWith: 'outage',
      }),
      timeSeries({
        title: 'Latency of successful requests',
        description:
          'Half of the successful answers are faster than p50, 95 % faster than p95, 99 % faster than p99. Refusals are fast and are on *Outage*.',
        good: 'p95 below the dashed lines.',
        size: [24, 9],
        unit: 's',
        logarithmic: true,
        lines: [
          {
            name: 'p99',
            expr: 'api:http_request_duration_seconds:p99_5s',
            color: colors.serverDark,
            mayBeEmpty: true,
          },
          { name: 'p95', expr: 'api:http_request_duration_seconds:p95_5s', color: colors.server, mayBeEmpty: true },
          {
            name: 'p50',
            expr: 'api:http_request_duration_seconds:p50_5s',
            color: colors.serverLight,
            mayBeEmpty: true,
          },
          ...latencyGoals,
        ],
        changesWith: 'load',
      }),
    ],
  )
