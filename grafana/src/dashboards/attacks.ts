import { attackColors, colors, statusColors } from '../colors.ts'
import { connectionLimit, goalLine, latencyGoals, memoryLimit } from '../goals.ts'
import { type Page, page } from '../page.ts'
import { timeSeries } from '../panels/time-series.ts'
import { timeline } from '../panels/timeline.ts'

// Refusals are fast, so only successful requests show how long clients wait. The quantile of no request would be NaN.
const served = 'http_route=~"/data.*",http_response_status_code=~"2.."'
const p95 = `histogram_quantile(0.95, sum by (le) (rate(http_server_request_duration_seconds_bucket{${served}}[$__rate_interval]))) and on () sum(rate(http_server_request_duration_seconds_count{${served}}[$__rate_interval])) > 0`

export const attacks = (): Page =>
  page(
    'attacks',
    'What do attacks achieve?',
    '**Above: what the attacker gets. Below: what it costs the other clients.** Try `make experiment NAME=flood`.',
    [
      timeSeries({
        title: 'What the attacker gets',
        description:
          'Attempts per second of an experiment’s attacker: accepted (2xx), refused (4xx), unanswered (cut off, or given up at the end), error (5xx).',
        good: 'refused only, the green line.',
        size: [12, 8],
        unit: 'ops',
        lines: [
          {
            name: '{{outcome}}',
            expr: 'sum by (outcome) (rate(lab_attack_attempts_total[$__rate_interval]))',
            color: attackColors,
          },
        ],
        changesWith: 'attack',
      }),
      timeSeries({
        title: 'Refusals by status',
        description:
          'Refusals per second of all clients: 400, 415 or 422 invalid, 401 no valid token or password, 404 not there or not yours, 405 wrong method, 408 too slow, 413 or 431 too large, 429 too often, 499 the client hung up. An experiment on an API of its own is not seen here.',
        good: 'near 0 without an attack.',
        size: [12, 8],
        unit: 'reqps',
        lines: [
          {
            name: '{{http_response_status_code}}',
            expr: 'sum by (http_response_status_code) (rate(http_server_request_duration_seconds_count{http_response_status_code=~"4.."}[$__rate_interval]))',
            color: statusColors,
          },
        ],
        changesWith: 'attack',
      }),
      timeline({
        title: 'Who is served meanwhile',
        description:
          'Answers to the lab’s own client, which asks once per second for /health and for a page of its notes.',
        good: 'green throughout, also under attack.',
        size: [24, 5],
        states: [
          ['not answered, or refused', colors.error],
          ['answered 200', colors.database],
        ],
        lines: [
          { name: '/health', expr: 'lab_probe_status{target="health"} == bool 200' },
          { name: 'a logged-in user', expr: 'lab_probe_status{target="data"} == bool 200' },
        ],
        changesWith: 'outage',
      }),
      timeSeries({
        title: 'Latency of the other clients (p95)',
        description:
          '95 % of the successful requests are faster. The client counts from the moment a request was due, and the wait before the API starts its clock too.',
        good: 'below the dashed line.',
        size: [12, 8],
        unit: 's',
        logarithmic: true,
        lines: [
          { name: 'server', expr: p95, color: colors.server, mayBeEmpty: true },
          {
            name: 'client',
            expr: 'client:latency_from_due_seconds:p95_5s',
            color: colors.client,
            mayBeEmpty: true,
          },
          ...latencyGoals.slice(0, 1),
        ],
        changesWith: 'load',
      }),
      timeSeries({
        title: 'Memory of the API',
        description: 'Memory of the process, and the limit of its container. At the limit the process is killed.',
        good: 'well below the dashed line.',
        size: [12, 8],
        unit: 'bytes',
        lines: [
          { name: 'memory', expr: 'max(process_resident_memory_bytes{job="api"})', color: colors.server },
          goalLine('limit of the container', memoryLimit()),
        ],
        changesWith: 'load',
      }),
      timeSeries({
        title: 'Open connections',
        description:
          'Connections of all clients, and the limit of the API. At the limit the API closes new ones at once.',
        good: 'some tens. A flood raises it to the dashed line and not further.',
        size: [12, 8],
        unit: 'locale',
        lines: [
          { name: 'open', expr: 'max(http_server_open_connections)', color: colors.server },
          goalLine('limit of the API', connectionLimit()),
        ],
        changesWith: 'attack',
      }),
      timeSeries({
        title: 'Delay of the event loop',
        description: 'How long the one thread is busy at a time. A flood that keeps it busy makes all clients wait.',
        good: 'p99 below the dashed line.',
        size: [12, 8],
        unit: 's',
        logarithmic: true,
        lines: [
          { name: 'p99', expr: 'api:eventloop_delay_seconds:p99_5s', color: colors.serverDark },
          goalLine('limit of the alert', 0.1),
        ],
        changesWith: 'saturation',
      }),
    ],
  )
