import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { colors } from './colors.ts'
import { goals } from './goals.ts'
import { page } from './page.ts'
import { text, timeSeries } from './panels.ts'

const { baseline, peak } = goals

export const clients = (): Dashboard =>
  page('clients', 'Do client and server agree?', [
    text(
      '**The same load, measured at both ends: by k6, which sends it, and by the API.** Where the lines lie apart, time or requests are lost between them, or one of the two does not tell the truth. Only a client sees an API that does not answer at all. Try `make load-peak`, and `docker compose restart api` in the middle of it.',
    ),
    timeSeries({
      title: 'Requests',
      description: 'Requests each second as k6 counts them and as the API does. The lab’s own probe adds one a second.',
      size: [12, 8],
      unit: 'reqps',
      lines: [
        { name: 'client (k6)', expr: 'client:http_requests:rate5s', color: colors.client },
        { name: 'server (API)', expr: 'api:http_requests:rate5s', color: colors.server },
      ],
    }),
    timeSeries({
      title: 'Errors',
      description:
        'The share of requests that failed. To k6 everything but 2xx is a failure, no answer at all included; to the API only its own errors (5xx).',
      size: [12, 8],
      unit: 'percentunit',
      atLeast: 0.05,
      lines: [
        { name: 'client (k6)', expr: 'client:http_errors:ratio5s', color: colors.client },
        { name: 'server (API)', expr: 'api:http_errors:ratio5s', color: colors.server },
      ],
      goals: [baseline.error_ratio, peak.error_ratio],
    }),
    timeSeries({
      title: 'Latency, p95',
      description:
        'All but 5 % of the answers are faster. The client adds the wire, the wait in the server’s queue before its clock starts, and its own tiredness. Dashed: the goals.',
      size: [12, 9],
      unit: 's',
      lines: [
        { name: 'client (k6)', expr: 'client:http_request_duration_seconds:p95_5s', color: colors.client },
        { name: 'server (API)', expr: 'api:http_request_duration_seconds:p95_5s', color: colors.server },
      ],
      atLeast: peak.seconds * 1.1,
      goals: [baseline.seconds, peak.seconds],
    }),
    timeSeries({
      title: 'Latency, p50',
      description:
        'Half of the answers are faster. If this one rises with p95, everybody waits and not only the unlucky.',
      size: [12, 9],
      unit: 's',
      lines: [
        { name: 'client (k6)', expr: 'client:http_request_duration_seconds:p50_5s', color: colors.client },
        { name: 'server (API)', expr: 'api:http_request_duration_seconds:p50_5s', color: colors.server },
      ],
    }),
    timeSeries({
      title: 'The lab’s probe',
      description: 'One careful client that asks once a second, load or not: how long its last answers took.',
      size: [8, 8],
      unit: 's',
      lines: [
        { name: 'a page of notes', expr: 'lab_probe_duration_seconds{target="data"}', color: colors.client },
        { name: '/health', expr: 'lab_probe_duration_seconds{target="health"}', color: colors.database },
      ],
    }),
    timeSeries({
      title: 'k6’s workers',
      description: 'Each waits for one answer at a time, so their number grows when answers take longer.',
      size: [8, 8],
      unit: 'short',
      decimals: 0,
      lines: [{ name: 'workers', expr: 'client:workers:count', color: colors.client }],
    }),
    timeSeries({
      title: 'Requests that k6 left out',
      description: 'Requests the run should have sent by now and did not. Above 0 the load was less than asked for.',
      size: [8, 8],
      unit: 'short',
      decimals: 0,
      lines: [{ name: 'left out', expr: 'client:iterations_dropped:total', color: colors.error }],
    }),
  ])
