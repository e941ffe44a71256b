import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { colors } from './colors.ts'
import { page } from './page.ts'
import { number, text, timeline, timeSeries } from './panels.ts'

const requests = (labels: string) =>
  `sum(rate(http_server_request_duration_seconds_count{http_route!="/health",${labels}}[$__rate_interval]))`
const writes = (status: string) =>
  requests(`http_request_method=~"POST|PUT|DELETE",http_route=~"/data.*",http_response_status_code=~"${status}"`)
// A quantile of no request at all would be NaN.
const p99 = (status: string) =>
  `histogram_quantile(0.99, sum by (le) (rate(http_server_request_duration_seconds_bucket{http_route!="/health",http_response_status_code=~"${status}"}[$__rate_interval]))) and on () ${requests(`http_response_status_code=~"${status}"`)} > 0`

export const outage = (): Dashboard =>
  page('outage', 'What happens in an outage?', [
    text(
      '**Read from top to bottom: the fault, who noticed it, what clients got.** In an outage every data request is refused at once with 503, /health goes on answering, and nothing that was acknowledged is lost. Try `make load-baseline` in one terminal and `make outage MODE=chmod FOR=30s` in another, then `MODE=lock` and `MODE=move`.',
    ),
    timeline({
      title: 'One outage, seen from four sides',
      description: 'The fault as the lab injected it, as the API noticed it, as /health told, and as a client felt it.',
      size: [16, 7],
      yes: 'yes',
      no: 'no',
      color: colors.fault,
      lines: [
        { name: 'the lab has injected a fault', expr: 'max(lab_fault_active)' },
        { name: 'the API cannot use its database', expr: '1 - db_available' },
        { name: '/health says degraded', expr: 'lab_probe_degraded' },
        { name: 'a client is refused', expr: 'lab_probe_status{target="data"} != bool 200' },
      ],
    }),
    number({
      title: 'How long it took',
      description: 'Measured by the lab from outside, the slowest of the kinds of fault tried since it started.',
      size: [8, 7],
      unit: 's',
      decimals: 2,
      lines: [
        { name: 'fault to first 503', expr: 'max(lab_fault_landed_seconds)' },
        { name: 'fault to degraded', expr: 'max(lab_fault_detected_seconds)' },
        { name: 'repair to first success', expr: 'max(lab_fault_recovered_seconds)' },
      ],
      plain: true,
      from: [[null, colors.server]],
      noValue: 'no outage yet',
    }),
    timeline({
      title: 'Alarms',
      description: 'Which alerts fired and for how long; docs/runbook.md says what each means.',
      size: [24, 6],
      yes: 'firing',
      no: 'silent',
      color: colors.error,
      lines: [
        {
          name: '{{alertname}}',
          expr: 'max by (alertname) (ALERTS{alertstate="firing"}) or on () label_replace(vector(0), "alertname", "none", "", "")',
        },
      ],
    }),
    timeSeries({
      title: 'Answers by status',
      description:
        'Answers each second: 2xx is success, 4xx the client’s mistake, 503 a refusal for want of the database, other 5xx a fault of the API.',
      size: [12, 8],
      unit: 'reqps',
      stacked: true,
      lines: [
        { name: '2xx', expr: requests('http_response_status_code=~"2.."'), color: colors.server },
        { name: '4xx', expr: requests('http_response_status_code=~"4.."'), color: colors.client },
        { name: '503', expr: requests('http_response_status_code="503"'), color: colors.error },
        {
          name: 'other 5xx',
          expr: `${requests('http_response_status_code=~"50[0-24-9]"')} or vector(0)`,
          color: colors.fault,
        },
      ],
    }),
    timeSeries({
      title: 'Latency of successes and refusals (p99)',
      description:
        'All but 1 % of the answers are faster. A refusal is cheap: in an outage the latency of everything together falls, which looks like good news and is none.',
      size: [12, 8],
      unit: 's',
      lines: [
        { name: 'success', expr: p99('2..'), color: colors.server },
        { name: 'refusal (503)', expr: p99('503'), color: colors.error },
      ],
    }),
    timeSeries({
      title: 'Why the database could not be used',
      description:
        'Failed or refused uses of the database each second, by reason. docs/signals.md explains the reasons.',
      size: [12, 8],
      unit: 'ops',
      lines: [{ name: '{{reason}}', expr: 'sum by (reason) (rate(db_errors_total[$__rate_interval]))' }],
      colorOf: {
        permission: colors.error,
        locked: colors.server,
        missing: colors.fault,
        replaced: colors.client,
        truncated: colors.database,
        full: colors.serverLight,
        readonly: colors.serverDark,
        io_error: colors.goal,
        cannot_open: '#B8860B',
        corrupt: '#5D3A9B',
      },
    }),
    timeSeries({
      title: 'Writes',
      description: 'Notes written, changed or deleted each second, and those refused. What is accepted is on the disk.',
      size: [12, 8],
      unit: 'reqps',
      lines: [
        { name: 'accepted', expr: writes('2..'), color: colors.database },
        { name: 'refused', expr: writes('5..'), color: colors.error },
      ],
    }),
  ])
