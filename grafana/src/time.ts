import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { colors } from './colors.ts'
import { page } from './page.ts'
import { heatmap, text, timeSeries } from './panels.ts'

export const time = (): Dashboard =>
  page('time', 'Where does the time go?', [
    text(
      '**One JavaScript thread does everything: a request takes its own time plus the time it waits for others.** When latency grows, look whether the database part grows with it, or the thread is busy and requests queue. Try `make load SCRIPT=ramp` and see which line bends first.',
    ),
    heatmap({
      title: 'How long requests take',
      description: 'Each column is a moment, each row a span of time: the darker, the more requests took that long.',
      size: [12, 9],
      lines: [{ name: '{{le}}', expr: 'api:http_request_duration_seconds_bucket:rate5s' }],
    }),
    timeSeries({
      title: 'Of the average request',
      description: 'The time until the answer, and the part of it that was spent in the database, commits included.',
      size: [12, 9],
      unit: 's',
      lines: [
        { name: 'whole request', expr: 'api:http_request_duration_seconds:mean5s', color: colors.server },
        { name: 'database', expr: 'api:db_duration_seconds:mean5s', color: colors.database },
      ],
    }),
    timeSeries({
      title: 'Requests being worked on',
      description:
        'How many requests are inside, on average and at the moment of looking: a growing number is a queue.',
      size: [8, 8],
      unit: 'short',
      lines: [
        { name: 'on average', expr: 'api:http_requests_active:mean5s', color: colors.server },
        { name: 'just now', expr: 'http_server_active_requests', color: colors.serverLight },
      ],
    }),
    timeSeries({
      title: 'How late the thread is',
      description: 'A timer is due every 20 ms; how late it fires is how long the thread was busy with something else.',
      size: [8, 8],
      unit: 's',
      lines: [
        { name: 'p99', expr: 'api:eventloop_delay_seconds:p99_5s', color: colors.serverDark },
        { name: 'p50', expr: 'api:eventloop_delay_seconds:p50_5s', color: colors.serverLight },
      ],
      goals: [0.1],
    }),
    timeSeries({
      title: 'How busy the process is',
      description:
        'Share of the time: the thread at work, the processor used (more than 100 % is more than one core), memory cleaned up.',
      size: [8, 8],
      unit: 'percentunit',
      lines: [
        {
          name: 'thread',
          expr: 'sum(rate(nodejs_eventloop_time_seconds_total{nodejs_eventloop_state="active"}[$__rate_interval]))',
          color: colors.server,
        },
        {
          name: 'processor',
          expr: 'sum(rate(process_cpu_seconds_total{job="api"}[$__rate_interval]))',
          color: colors.client,
        },
        {
          name: 'garbage collection',
          expr: 'sum(rate(nodejs_gc_duration_seconds_sum{job="api"}[$__rate_interval])) or vector(0)',
          color: colors.fault,
        },
      ],
    }),
    timeSeries({
      title: 'Processor time for each request',
      description: 'What one request costs. An idle API spends most on being there, so the figure falls as load comes.',
      size: [12, 8],
      unit: 's',
      lines: [{ name: 'processor', expr: 'api:cpu_seconds:per_request5s', color: colors.client }],
    }),
    timeSeries({
      title: 'Writes that share a commit',
      description:
        'Writes that arrive together are made durable together, which costs as much as one. More load, larger groups; 0 while nobody writes.',
      size: [12, 8],
      unit: 'short',
      decimals: 1,
      lines: [{ name: 'writes', expr: 'api:commit_batch_writes:mean5s', color: colors.database }],
    }),
  ])
