import { colors } from '../colors.ts'
import { errorGoals, latencyGoals } from '../goals.ts'
import { type Page, page } from '../page.ts'
import { timeSeries } from '../panels/time-series.ts'

const latency = (quantile: 'p50' | 'p95') => [
  {
    name: 'client',
    expr: `client:latency_from_due_seconds:${quantile}_5s`,
    color: colors.client,
    mayBeEmpty: true,
  },
  { name: 'server', expr: `api:http_request_duration_seconds:${quantile}_5s`, color: colors.server, mayBeEmpty: true },
]

const rateOf = (what: string) => `rate(lab_client_calls_total{what="${what}"}[5s])`

export const clients = (): Page =>
  page(
    'clients',
    'Do client and server agree?',
    '**The same load, measured by the client and by the API.** Try `make load-peak`, then `docker compose restart api`.',
    [
      timeSeries({
        title: 'Requests per second',
        description:
          'The client counts requests that are over, answered or not; the API counts its answers. The lab’s own probe adds one per second, that of an experiment twenty, an attacker its attempts, and an experiment reads all notes back at its end. An experiment on an API of its own is seen by the client only.',
        good: 'two nearly equal lines. A client line above the server’s: requests got no answer.',
        size: [12, 8],
        unit: 'reqps',
        lines: [
          { name: 'client', expr: 'client:http_requests:rate5s', color: colors.client },
          { name: 'server', expr: 'api:http_requests:rate5s', color: colors.server },
        ],
        changesWith: 'load',
      }),
      timeSeries({
        title: 'Error ratio',
        description:
          'The client counts everything but 2xx as an error, also no answer. The API counts only its own errors (5xx).',
        good: 'both below the dashed lines.',
        size: [12, 8],
        unit: 'percentunit',
        atLeast: 0.05,
        lines: [
          { name: 'client', expr: 'client:http_errors:ratio5s', color: colors.client },
          { name: 'server', expr: 'api:http_errors:ratio5s', color: colors.server },
          ...errorGoals,
        ],
        changesWith: 'outage',
      }),
      timeSeries({
        title: 'Latency, p95',
        description:
          '95 % of the answers are faster. The client counts from the moment a request was due (from sending, once k6 has failed to send some), so with the network and every wait, and counts refusals too.',
        good: 'two close lines, below the dashed ones.',
        size: [12, 9],
        unit: 's',
        logarithmic: true,
        lines: [...latency('p95'), ...latencyGoals],
        changesWith: 'load',
      }),
      timeSeries({
        title: 'Latency, p50',
        description:
          'Half of the answers are faster. If p50 rises with p95, all clients wait; if only p95 rises, a few do.',
        good: 'two close lines.',
        size: [12, 9],
        unit: 's',
        logarithmic: true,
        lines: latency('p50'),
        changesWith: 'load',
      }),
      timeSeries({
        title: 'Offered, attempts, goodput',
        description:
          'What users of an experiment ask for, the requests made for it, and what they got in time. A request is counted when all its attempts are over. Abandoned: the client no longer waited. Try `make experiment NAME=retry-storm`.',
        good: 'three nearly equal lines. Attempts far above goodput: the API works for clients that have left.',
        size: [24, 8],
        unit: 'reqps',
        lines: [
          { name: 'offered', expr: rateOf('offered'), color: colors.client },
          { name: 'attempts', expr: rateOf('attempts'), color: colors.server },
          { name: 'goodput', expr: rateOf('good'), color: colors.database },
          { name: 'abandoned', expr: rateOf('abandoned'), color: colors.error },
        ],
        changesWith: 'saturation',
      }),
      timeSeries({
        title: 'Latency of the lab’s probe',
        description: 'One client that asks once per second, with or without load: how long its last answers took.',
        good: 'a few milliseconds.',
        size: [8, 8],
        unit: 's',
        logarithmic: true,
        lines: [
          { name: 'a page of notes', expr: 'lab_probe_duration_seconds{target="data"}', color: colors.client },
          { name: '/health', expr: 'lab_probe_duration_seconds{target="health"}', color: colors.database },
        ],
        changesWith: 'saturation',
      }),
      timeSeries({
        title: 'Requests under way',
        description:
          'Requests without an answer yet, on average: as many as there are per second, times the seconds that each takes. What the client counts and the server does not waits before the API starts its clock.',
        good: 'few and steady. A growing number is a queue.',
        size: [8, 8],
        unit: 'locale',
        lines: [
          { name: 'client', expr: 'client:http_requests_active:mean5s', color: colors.client },
          { name: 'server', expr: 'api:http_requests_active:mean5s', color: colors.server },
        ],
        changesWith: 'load',
      }),
      timeSeries({
        title: 'Requests that were not sent',
        description: 'Requests that were due and that the load generator did not send in time.',
        good: '0. Above 0 the load was smaller than asked for, and the run proves nothing.',
        size: [8, 8],
        unit: 'locale',
        lines: [{ name: 'not sent', expr: 'client:iterations_dropped:total', color: colors.error }],
        changesWith: 'saturation',
      }),
    ],
  )
