import { colors, quiet, reasonColors, shedColors } from '../colors.ts'
import { goalLine, goals } from '../goals.ts'
import { type Page, page } from '../page.ts'
import { table } from '../panels/table.ts'
import { timeSeries } from '../panels/time-series.ts'
import { timeline } from '../panels/timeline.ts'

const { outage: limits } = goals
const requests = (labels: string) =>
  `sum(rate(http_server_request_duration_seconds_count{http_route!="/health",${labels}}[$__rate_interval]))`
const writes = (status: string) =>
  requests(`http_request_method=~"POST|PUT|DELETE",http_route=~"/data.*",http_response_status_code=~"${status}"`)
// The quantile of no request at all would be NaN.
const p99 = (status: string) =>
  `histogram_quantile(0.99, sum by (le) (rate(http_server_request_duration_seconds_bucket{http_route!="/health",http_response_status_code=~"${status}"}[$__rate_interval]))) and on () ${requests(`http_response_status_code=~"${status}"`)} > 0`
const byKind = (series: string) => `max by (kind) (${series})`
// Grafana gives the names of rows two fifths of a narrow screen, and cuts off what is longer.
const firing = (severity: string) =>
  `label_replace(max by (alertname) (ALERTS{alertstate="firing",severity="${severity}"}), "alertname", "$1…", "alertname", "(.{19}).{2,}")`

export const outage = (): Page =>
  page(
    'outage',
    'What happens in an outage?',
    '**The fault, who noticed it, what clients got.** Try `make outage FOR=30s` under `make load-baseline`.',
    [
      timeline({
        title: 'One outage, seen from four sides',
        description:
          'The fault as the lab injected it, as the API noticed it, as /health reported it, and as the lab’s own client felt it.',
        good: 'all rows quiet. In an outage all begin and end within a second or two. A read-only database refuses writes only.',
        size: [24, 6],
        states: [
          ['no', quiet],
          ['yes', colors.error],
        ],
        lines: [
          { name: 'fault injected', expr: 'max(lab_fault_active)' },
          { name: 'API: no reads', expr: '1 - min(db_available{operation="read"})' },
          { name: 'API: no writes', expr: '1 - min(db_available{operation="write"})' },
          { name: '/health: degraded', expr: 'lab_probe_degraded' },
          { name: 'client refused', expr: 'lab_probe_status{target="data"} != bool 200' },
        ],
        changesWith: 'outage',
      }),
      timeline({
        title: 'Alerts over time',
        description: 'Which alerts fired, and for how long. The runbook (8) explains each.',
        good: 'one quiet row.',
        size: [24, 7],
        states: [
          ['quiet', quiet],
          ['informs', colors.goal],
          ['warning', colors.client],
          ['critical', colors.error],
        ],
        lines: [
          {
            name: 'the worst of them',
            expr: `max(${firing('critical')} * 3 or ${firing('warning')} * 2 or ${firing('info')} or vector(0))`,
          },
          { name: '{{alertname}}', expr: `${firing('critical')} * 3`, mayBeEmpty: true },
          { name: '{{alertname}}', expr: `${firing('warning')} * 2`, mayBeEmpty: true },
          { name: '{{alertname}}', expr: firing('info'), mayBeEmpty: true },
        ],
        changesWith: 'outage',
      }),
      table({
        title: 'How long the last fault of each kind took',
        description:
          'Measured by the lab with `make outage`: from the injection to the first 503 and to degraded in /health, and from the rollback to the first success. A crash stands only in the output of its command. A red cell misses its goal in slo.json. "How long ago" counts from the end of the fault, for 3 hours.',
        good: 'no red cell.',
        size: [24, 7],
        unit: 's',
        label: 'kind',
        heading: 'fault',
        lines: [
          { name: 'first 503', expr: byKind('lab_fault_landed_seconds'), mayBeEmpty: true },
          {
            name: `degraded (≤ ${limits.degradedSeconds} s)`,
            expr: byKind('lab_fault_detected_seconds'),
            goal: limits.degradedSeconds,
            mayBeEmpty: true,
          },
          {
            name: `recovered (≤ ${limits.recoveredSeconds} s)`,
            expr: byKind('lab_fault_recovered_seconds'),
            goal: limits.recoveredSeconds,
            mayBeEmpty: true,
          },
          {
            name: 'how long ago',
            unit: 'dthms',
            expr: `time() - max by (kind) (max_over_time(timestamp(lab_fault_active == 1)[3h:1s])) and on (kind) lab_fault_landed_seconds`,
            mayBeEmpty: true,
          },
        ],
        noValue: 'no fault yet',
        changesWith: 'outage',
        emptyBefore: true,
      }),
      timeSeries({
        title: 'Answers by status',
        description:
          'Answers per second: 2xx is success, 4xx the client’s mistake, 503 a refusal because of the database or overload, other 5xx an error in the API.',
        good: 'nearly all 2xx.',
        size: [12, 8],
        unit: 'reqps',
        stacked: true,
        lines: [
          { name: '2xx', expr: requests('http_response_status_code=~"2.."'), color: colors.server },
          { name: '4xx', expr: requests('http_response_status_code=~"4.."'), color: colors.refused },
          { name: '503', expr: requests('http_response_status_code="503"'), color: colors.error },
          {
            name: 'other 5xx',
            expr: `${requests('http_response_status_code=~"50[0-24-9]"')} or vector(0)`,
            color: colors.other,
          },
        ],
        changesWith: 'outage',
      }),
      timeSeries({
        title: 'Latency of successes and refusals (p99)',
        description:
          '99 % of the answers are faster. A refusal is cheap, so the latency of all answers together falls in an outage; that is why the two are apart.',
        good: 'refusals below the dashed line: a refusal must not make the client wait.',
        size: [12, 8],
        unit: 's',
        logarithmic: true,
        lines: [
          { name: 'success', expr: p99('2..'), color: colors.server, mayBeEmpty: true },
          { name: 'refusal (503)', expr: p99('503'), color: colors.error, mayBeEmpty: true },
          goalLine('goal for refusals', limits.refusalSeconds),
        ],
        changesWith: 'outage',
      }),
      timeSeries({
        title: 'Errors of the database',
        description:
          'Operations per second that failed or were refused, by reason. docs/signals.md explains the reasons.',
        good: 'no line above 0.',
        size: [12, 9],
        unit: 'ops',
        lines: [
          {
            name: '{{reason}}',
            expr: 'sum by (reason) (rate(db_errors_total[$__rate_interval]))',
            color: reasonColors,
          },
        ],
        changesWith: 'outage',
      }),
      timeSeries({
        title: 'Writes',
        description:
          'Notes created, changed or deleted per second, and refused writes. An accepted write is on the disk.',
        good: 'accepted only.',
        size: [12, 9],
        unit: 'reqps',
        lines: [
          { name: 'accepted', expr: writes('2..'), color: colors.database },
          { name: 'refused', expr: writes('5..'), color: colors.error },
        ],
        changesWith: 'outage',
      }),
      timeSeries({
        title: 'Refused for overload',
        description:
          'Requests per second that would have waited longer than `SHED_AFTER_MS`, by what they would have waited for: the event loop, or the queue of logins.',
        good: 'no line above 0. Without `SHED_AFTER_MS` it stays 0, and requests wait instead.',
        size: [24, 7],
        unit: 'reqps',
        lines: [
          {
            name: '{{reason}}',
            expr: 'sum by (reason) (rate(requests_shed_total[$__rate_interval]))',
            color: shedColors,
          },
        ],
        changesWith: 'saturation',
      }),
    ],
  )
