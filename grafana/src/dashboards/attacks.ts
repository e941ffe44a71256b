import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { colors } from '../colors.ts'
import { goals } from '../goals.ts'
import { memoryLimit } from '../memory-limit.ts'
import { page } from '../page.ts'
import { text } from '../panels/text.ts'
import { timeSeries } from '../panels/time-series.ts'
import { timeline } from '../panels/timeline.ts'

const { baseline } = goals
// What is refused is quick: only those who were served say what they had to wait. A quantile of nobody would be NaN.
const served = 'http_route=~"/data.*",http_response_status_code=~"2.."'
const p95 = `histogram_quantile(0.95, sum by (le) (rate(http_server_request_duration_seconds_bucket{${served}}[$__rate_interval]))) and on () sum(rate(http_server_request_duration_seconds_count{${served}}[$__rate_interval])) > 0`

export const attacks = (): Dashboard =>
  page('attacks', 'What does an attack meet, and what does it cost?', [
    text(
      '**Above, what the attacker gets; below, what everybody else pays for it.** An attack that is held off is refused or cut off, while the others are served as fast as before and memory stays under its limit. Try `make experiment NAME=forged-tokens`, then `NAME=flood`, `NAME=anothers-notes` and `NAME=brute-force`. For `NAME=weak-secret` look at *Logins*.',
    ),
    timeSeries({
      title: 'What the attacker gets',
      description:
        'Attempts each second of the experiment’s own attacker, by how they ended: accepted (2xx), refused (4xx), unanswered (cut off, or given up at the end), error (5xx). Green is good: refused.',
      size: [12, 8],
      unit: 'ops',
      lines: [{ name: '{{outcome}}', expr: 'sum by (outcome) (rate(lab_attack_attempts_total[$__rate_interval]))' }],
      colorOf: {
        accepted: colors.error,
        refused: colors.database,
        unanswered: colors.server,
        error: colors.fault,
      },
    }),
    timeSeries({
      title: 'Refusals by status',
      description:
        'Refusals each second, whoever asked: 401 no valid token or password, 404 not there (or not yours), 408 too slow, 413 too large, 422 not as asked for, 429 too often. What never became a request is cut: below.',
      size: [12, 8],
      unit: 'reqps',
      lines: [
        {
          name: '{{http_response_status_code}}',
          expr: 'sum by (http_response_status_code) (rate(http_server_request_duration_seconds_count{http_response_status_code=~"4.."}[$__rate_interval]))',
        },
      ],
      colorOf: {
        400: colors.goal,
        401: colors.database,
        404: colors.client,
        408: colors.serverDark,
        413: colors.serverLight,
        422: colors.fault,
        429: colors.server,
        415: '#B8860B',
        499: '#5D3A9B',
      },
    }),
    timeline({
      title: 'Who is served meanwhile',
      description: 'What the lab’s own client got that asks once a second: for /health, and for a page of its notes.',
      size: [24, 5],
      yes: 'answered 200',
      no: 'not answered, or refused',
      color: colors.database,
      lines: [
        { name: '/health', expr: 'lab_probe_status{target="health"} == bool 200' },
        { name: 'a logged-in user', expr: 'lab_probe_status{target="data"} == bool 200' },
      ],
    }),
    timeSeries({
      title: 'What the others wait (p95)',
      description:
        'All but 5 % of those who are served are faster. The client’s line also holds the wait before the API begins. Dashed: the baseline goal.',
      size: [12, 8],
      unit: 's',
      atLeast: baseline.seconds * 1.1,
      goals: [baseline.seconds],
      lines: [
        { name: 'API', expr: p95, color: colors.server },
        { name: 'client (k6)', expr: 'client:http_request_duration_seconds:p95_5s', color: colors.client },
      ],
    }),
    timeSeries({
      title: 'Memory of the API',
      description: 'Dashed is the limit of its container: a process that reaches it is killed, and everybody with it.',
      size: [12, 8],
      unit: 'bytes',
      atLeast: memoryLimit() * 1.1,
      goals: [memoryLimit()],
      lines: [{ name: 'memory', expr: 'process_resident_memory_bytes{job="api"}', color: colors.server }],
    }),
    timeSeries({
      title: 'Open connections',
      description:
        'Everybody’s, used or not: those of the clients, of the lab and of the attacker. There is room for so many; then those unused the longest make room.',
      size: [12, 8],
      unit: 'short',
      lines: [{ name: 'open', expr: 'http_server_open_connections', color: colors.server }],
    }),
    timeSeries({
      title: 'Connections that the API cut',
      description:
        'Cut each second, by why: slow, malformed (no HTTP), headers too large; crowded: there were too many, and those unused the longest made room.',
      size: [12, 8],
      unit: 'ops',
      lines: [
        { name: '{{reason}}', expr: 'sum by (reason) (rate(http_server_cut_connections_total[$__rate_interval]))' },
      ],
      colorOf: {
        crowded: colors.error,
        slow: colors.serverDark,
        malformed: colors.client,
        headers_too_large: colors.serverLight,
      },
    }),
  ])
