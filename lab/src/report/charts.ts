import { detect, usual } from '../anomalies/detect.ts'
import type { Journal, MetricsEvent } from '../runs/journal.ts'
import { attackCharts } from './attack-charts.ts'
import { type Html, html } from './html.ts'

type Values = (number | null)[]

/** What page/page.js draws. `lanes`: every line is 0 or 1 and lies in a lane of its own. */
export type Chart = {
  id: string
  title: string
  unit: string
  says: string
  scale: 'linear' | 'log' | 'lanes' | 'scores'
  lines: { name: string; values: Values; dash?: boolean }[]
  /** A level worth a line across the chart. */
  limit?: { value: number; name: string }
}

/** Everything the page's script needs; times in seconds since the run began. */
export type ChartData = {
  seconds: number[]
  phases: { name: string; rate: number; from: number; to: number }[]
  /** What is shaded: faults while they were in force, and phases with an attacker. */
  faults: { kind: string; from: number; to: number }[]
  charts: Chart[]
}

export function chartData(journal: Journal): ChartData {
  const { seconds, happened, attacks = [] } = journal
  const attacked = happened.phases.flatMap(({ name, start_ms, end_ms }) =>
    attacks
      .filter(({ phase }) => phase === name)
      .map(({ phase }) => ({ kind: phase, from: start_ms / 1000, to: end_ms / 1000 })),
  )
  const faults = happened.faults.map(({ kind, injected_ms, undone_ms }) => ({
    kind,
    from: injected_ms / 1000,
    to: undone_ms / 1000,
  }))
  // Where nobody touched the database there is nothing to see of it.
  const database = attacked.length > 0 && faults.length === 0 ? [] : [states(seconds)]
  const usual = [traffic(seconds), latency(seconds), errors(seconds), ...database, sides(seconds), anomalies(seconds)]
  return {
    seconds: seconds.map(({ second }) => second),
    phases: happened.phases.map(({ name, rate, start_ms, end_ms }) => ({
      name,
      rate,
      from: start_ms / 1000,
      to: end_ms / 1000,
    })),
    faults: [...faults, ...attacked],
    charts: [...attackCharts(journal), ...usual],
  }
}

/** The place of a chart in the page. */
export function figure({ id, title, unit, says }: Chart): Html {
  return html`<figure id="${id}">
<figcaption><strong>${title}</strong>${unit && html` <span class="unit">${unit}</span>`}<span class="says">${says}</span></figcaption>
<div class="plot" role="img" aria-label="${title}: ${says}"></div>
</figure>`
}

function column(seconds: MetricsEvent[], name: keyof MetricsEvent): Values {
  return seconds.map((one) => {
    const value = one[name]
    return typeof value === 'number' ? value : null
  })
}

function traffic(seconds: MetricsEvent[]): Chart {
  const succeeded = seconds.map(({ rate, error_ratio }) => (error_ratio === null ? null : rate * (1 - error_ratio)))
  return {
    id: 'traffic',
    title: 'Requests',
    unit: 'per second',
    says: 'What the clients asked for, and how much of it was answered with 2xx. The gap between the lines failed.',
    scale: 'linear',
    lines: [
      { name: 'asked', values: column(seconds, 'rate'), dash: true },
      { name: 'succeeded', values: succeeded },
    ],
  }
}

function latency(seconds: MetricsEvent[]): Chart {
  return {
    id: 'latency',
    title: 'Latency, as the clients saw it',
    unit: 'ms, each step ten times the last',
    says: 'Of all answers, half (p50), 95 of 100 (p95) and 99 of 100 (p99) were faster than the line. Refusals count too, and they are quick.',
    scale: 'log',
    lines: [
      { name: 'p50', values: column(seconds, 'p50_ms') },
      { name: 'p95', values: column(seconds, 'p95_ms') },
      { name: 'p99', values: column(seconds, 'p99_ms') },
    ],
  }
}

const mostStatuses = 4

function errors(seconds: MetricsEvent[]): Chart {
  const counts = new Map<string, number>()
  for (const { statuses } of seconds)
    for (const [status, count] of Object.entries(statuses ?? {}))
      if (!status.startsWith('2')) counts.set(status, (counts.get(status) ?? 0) + count)
  const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, mostStatuses)
  const lines = most.map(([status]) => ({
    name: `answered ${status}`,
    values: seconds.map(({ statuses }) => statuses?.[status] ?? 0),
  }))
  if (seconds.some(({ dropped }) => dropped > 0))
    lines.push({ name: 'dropped', values: seconds.map((one) => one.dropped) })
  if (lines.length === 0) lines.push({ name: 'failed', values: seconds.map(() => 0) })
  return {
    id: 'errors',
    title: 'Errors',
    unit: 'per second',
    says: "What the clients got instead of a 2xx, and by how much the API's own db_errors_total rose; it counts probes too.",
    scale: 'linear',
    lines: [...lines, { name: 'db_errors (API)', values: column(seconds, 'db_errors'), dash: true }],
  }
}

function states(seconds: MetricsEvent[]): Chart {
  const { combined } = detect(seconds)
  const unavailable = column(seconds, 'db_available').map((one) => (one === null ? null : 1 - one))
  return {
    id: 'database',
    title: 'Database',
    unit: '',
    says: 'Filled where it is so: the truth on top, then what the API said about itself, then whether the anomaly detector raised an alarm.',
    scale: 'lanes',
    lines: [
      { name: 'fault in force', values: seconds.map(({ fault }) => (fault ? 1 : 0)) },
      { name: 'db_available = 0', values: unavailable },
      { name: '/health degraded', values: column(seconds, 'degraded') },
      { name: 'anomaly alarm', values: combined.map(Number) },
    ],
  }
}

function sides(seconds: MetricsEvent[]): Chart {
  return {
    id: 'sides',
    title: 'Client against server',
    unit: 'ms, each step ten times the last',
    says: 'The same requests seen from both sides. The server cannot see the time before its first line of code: when its event loop is late, clients wait and its own p95 does not know.',
    scale: 'log',
    lines: [
      { name: 'p95, client', values: column(seconds, 'p95_ms') },
      { name: 'p95, server', values: column(seconds, 'server_p95_ms') },
      { name: 'event loop delay', values: column(seconds, 'event_loop_delay_ms'), dash: true },
    ],
  }
}

const shown = ['error_ratio', 'p95_ms', 'event_loop_delay_ms', 'db_available']

function anomalies(seconds: MetricsEvent[]): Chart {
  const found = detect(seconds).series.filter(({ name }) => shown.includes(name))
  return {
    id: 'scores',
    title: 'Anomaly scores',
    unit: 'deviations from the last half minute',
    says: `How unusual each second was for its series (z-score). Beyond ${usual.threshold} either way is an alarm of that series; beyond 20 the line stays at the edge.`,
    scale: 'scores',
    lines: found.map(({ name, scores }) => ({
      name,
      values: scores.map((one) => (one === null ? null : Math.max(-20, Math.min(20, Math.round(one * 100) / 100)))),
    })),
    limit: { value: usual.threshold, name: 'threshold' },
  }
}
