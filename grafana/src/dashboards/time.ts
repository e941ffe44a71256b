import { colors, tiles } from '../colors.ts'
import { goalLine } from '../goals.ts'
import { type Page, page } from '../page.ts'
import { heatmap } from '../panels/heatmap.ts'
import { ofEachInstance } from '../panels/panel.ts'
import { number } from '../panels/tiles.ts'
import { timeSeries } from '../panels/time-series.ts'

const parts = {
  'waiting for the thread': colors.serverDark,
  'in the API’s own code': colors.server,
  'in the database': colors.database,
}

export const time = (): Page =>
  page(
    'time',
    'Where does the time go?',
    '**When latency grows: is the database slow, or the one thread busy?** Try `make load SCRIPT=ramp`.',
    [
      heatmap({
        title: 'How long requests take',
        description:
          'Successful requests. Each column is a moment, each row a duration; the stronger the colour, the more requests took that long.',
        good: 'one strong band at the bottom. A second band higher up means that some requests wait.',
        size: [12, 9],
        lines: [{ name: '{{le}}', expr: 'api:http_request_duration_seconds_bucket:rate5s' }],
        changesWith: 'load',
      }),
      timeSeries({
        title: 'Time of the average request',
        description:
          'Waiting: how late timers fire, so how long a new request waits for the thread. Database: operations with their commits. The rest is HTTP, tokens, JSON and logs.',
        good: 'a few milliseconds in total.',
        size: [12, 9],
        unit: 's',
        stacked: true,
        lines: [{ name: '{{part}}', expr: 'api:request_time:mean5s', color: parts }],
        changesWith: 'load',
      }),
      timeSeries({
        title: 'Requests being processed',
        description:
          'How many requests are inside the API, on average and at this moment. A growing number is a queue.',
        good: 'the average below 10 and steady; "now" may jump.',
        size: [8, 8],
        unit: 'locale',
        lines: [
          { name: 'on average', expr: 'api:http_requests_active:mean5s', color: colors.server },
          { name: 'now', expr: 'sum(http_server_active_requests)', color: colors.other },
        ],
        changesWith: 'load',
      }),
      timeSeries({
        title: 'Delay of the event loop',
        description:
          'How late timers fire: how long the one thread was busy with something else, waited, or did not get a processor. When the thread of the lab beside it is late too, the whole machine is busy. Of several processes each has a line too.',
        good: 'p99 below the dashed line. Above it the alert EventLoopBlocked fires.',
        size: [8, 8],
        unit: 's',
        logarithmic: true,
        lines: [
          { name: 'p99', expr: 'api:eventloop_delay_seconds:p99_5s', color: colors.serverDark },
          { name: 'p50', expr: 'api:eventloop_delay_seconds:p50_5s', color: colors.serverLight },
          ofEachInstance(
            'p99',
            'histogram_quantile(0.99, sum by (le, instance) (rate(nodejs_eventloop_delay_seconds_bucket[5s]))) >= 0',
            colors.server,
          ),
          // A 0 has no place on the axis.
          {
            name: 'p99 of the lab',
            expr: 'clamp_min(lab:eventloop_delay_seconds:p99_5s, 0.0001)',
            color: colors.client,
          },
          goalLine('limit of the alert', 0.1),
        ],
        changesWith: 'load',
      }),
      timeSeries({
        title: 'How busy the process is',
        description:
          'Share of the time in which the event loop is active, processor time (100 % is one core), and garbage collection. A loop far above the processor waits: for a lock, the disk or a processor.',
        good: 'an event loop below 70 %. Near 100 % every request queues.',
        size: [8, 8],
        unit: 'percentunit',
        lines: [
          {
            name: 'event loop',
            expr: 'clamp_max(sum(rate(nodejs_eventloop_time_seconds_total{nodejs_eventloop_state="active"}[$__rate_interval])), 1)',
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
            color: colors.other,
          },
        ],
        changesWith: 'load',
      }),
      timeSeries({
        title: 'Processor time per request',
        description:
          '0 below 50 requests/s, where the fixed cost of a running process is larger than that of its requests.',
        good: 'steady, whatever the rate.',
        size: [12, 8],
        unit: 's',
        atLeast: 0.001,
        lines: [{ name: 'processor', expr: 'api:cpu_seconds:per_request5s', color: colors.client }],
        changesWith: 'load',
      }),
      timeSeries({
        title: 'Writes per commit',
        description:
          'Writes that arrive together share one commit, which costs as much as one write. 0 without writes.',
        good: 'more under more load.',
        size: [12, 8],
        unit: 'short',
        decimals: 1,
        lines: [{ name: 'writes', expr: 'api:commit_batch_writes:mean5s', color: colors.database }],
        changesWith: 'load',
      }),
      number({
        title: 'So where did the time go?',
        description: 'The largest part of the average request of the last 5 s, and its share.',
        good: 'in the API’s own code while the load is low.',
        size: [24, 4],
        unit: 'percentunit',
        lines: [{ name: '{{part}}', expr: 'topk(1, api:request_time:share5s)' }],
        from: [[null, tiles.info]],
        named: true,
        noValue: 'no requests in the last 5 s',
        changesWith: 'load',
      }),
    ],
  )
