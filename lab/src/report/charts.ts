import { defaults, detect } from '../anomalies/detect.ts'
import { type Outcome, outcomeOf } from '../attacks/attack.ts'
import type { Journal, SecondRow } from '../runs/journal.ts'
import { type Html, html } from './html.ts'
import { mostFrequent, sumOf } from './story.ts'

type Line = { name: string; values: (number | null)[]; dash?: boolean }
type Span = { name: string; from: number; to: number }

/** What page/charts.js draws. `lanes`: every line is 0 or 1 and lies in a lane of its own. */
export type Chart = {
  id: string
  /** The part of the page in which it stands, if it is not "What happened". */
  place?: 'both sides' | 'anomalies'
  title: string
  unit: string
  says: string
  scale: 'linear' | 'log' | 'lanes' | 'scores'
  lines: Line[]
}

/** Everything the page's script needs; times in seconds since the run began. `bands`: faults in force, and attacks. */
export type ChartData = { seconds: number[]; phases: Span[]; bands: Span[]; charts: Chart[] }

export function chartData({ seconds, happened, attacks = [] }: Journal): ChartData {
  const span = (name: string, from_ms: number, to_ms: number) => ({ name, from: from_ms / 1000, to: to_ms / 1000 })
  const phases = happened.phases.map(({ name, start_ms, end_ms }) => span(name, start_ms, end_ms))
  const faults = happened.faults.map(({ kind, injected_ms, undone_ms }) => span(kind, injected_ms, undone_ms))
  const attacked = phases.filter(({ name }) => attacks.some(({ phase }) => phase === name))
  return {
    seconds: seconds.map(({ second }) => second),
    phases,
    bands: [...faults, ...attacked],
    charts: [
      ...(attacks.length > 0 ? [attack(seconds)] : []),
      ...(seconds.some(({ offered }) => offered) ? [goodput(seconds)] : []),
      traffic(seconds),
      latency(seconds),
      errors(seconds),
      ...(attacks.length > 0 && seconds.some(({ memory_mb }) => memory_mb) ? [memory(seconds)] : []),
      // Where no fault was planned the database has nothing to show.
      ...(attacks.length === 0 || faults.length > 0 ? [states(seconds)] : []),
      sides(seconds),
      scores(seconds),
    ],
  }
}

/** The place of a chart in the page. */
export function figure({ id, title, unit, says }: Chart): Html {
  return html`<figure id="${id}">
<figcaption><strong>${title}</strong>${unit && html` <span class="unit">${unit}</span>`}<span class="says">${says}</span></figcaption>
<div class="plot" role="img" aria-label="${title}: ${says}"></div>
</figure>`
}

type Column = {
  [K in keyof SecondRow]-?: SecondRow[K] extends number | null | undefined ? K : never
}[keyof SecondRow]

function line(seconds: SecondRow[], column: Column, name: string, dash?: true): Line {
  return { name, values: seconds.map((one) => one[column] ?? null), dash }
}

const mostStatuses = 4

/** One line for each of the most frequent statuses that `wanted` selects. */
function statusLines(
  counts: Record<string, number>[],
  wanted: (status: string) => boolean,
  name: (status: string) => string,
): Line[] {
  const most = mostFrequent(counts).filter(wanted).slice(0, mostStatuses)
  return most.map((status) => ({ name: name(status), values: counts.map((one) => one[status] ?? 0) }))
}

const traffic = (seconds: SecondRow[]): Chart => ({
  id: 'traffic',
  title: 'Requests',
  unit: 'per second',
  says: 'What the clients sent, how much of it was answered with any status, and how much of it succeeded (2xx). The gap between sent and succeeded failed. Answers count when they came, sent and succeeded when the request was due.',
  scale: 'linear',
  lines: [
    {
      name: 'succeeded',
      values: seconds.map(({ rate, error_ratio }) => (error_ratio === null ? null : rate * (1 - error_ratio))),
    },
    line(seconds, 'answered', 'answered'),
    // Last and dashed: where all is well it lies on the others, which must not hide it.
    line(seconds, 'rate', 'sent', true),
  ],
})

const goodput = (seconds: SecondRow[]): Chart => ({
  id: 'goodput',
  title: 'Offered, attempts, goodput',
  unit: 'per second',
  says: 'Offered: what users ask for. Attempts: the requests on the wire, retries included. Goodput: what users asked for and got in time. Attempts far above goodput: the API works for clients that have left.',
  scale: 'linear',
  lines: [
    line(seconds, 'tries', 'attempts'),
    line(seconds, 'goodput', 'goodput'),
    line(seconds, 'abandoned', 'abandoned', true),
    line(seconds, 'served_late', 'logins served too late', true),
    line(seconds, 'offered', 'offered', true),
  ],
})

const latency = (seconds: SecondRow[]): Chart => ({
  id: 'latency',
  title: 'Latency, as the clients saw it',
  unit: 'ms, each step ten times the last',
  says: 'Of all answers, half (p50), 95 of 100 (p95) and 99 of 100 (p99) were faster than the line. Refusals count too, and they are quick.',
  scale: 'log',
  lines: [line(seconds, 'p50_ms', 'p50'), line(seconds, 'p95_ms', 'p95'), line(seconds, 'p99_ms', 'p99')],
})

function errors(seconds: SecondRow[]): Chart {
  const statuses = seconds.map((one) => one.statuses ?? {})
  const lines = statusLines(
    statuses,
    (status) => !status.startsWith('2'),
    (status) => `answered ${status}`,
  )
  if (seconds.some(({ dropped }) => dropped > 0)) lines.push(line(seconds, 'dropped', 'dropped'))
  return {
    id: 'errors',
    title: 'Errors',
    unit: 'per second',
    says: "What the clients got instead of a 2xx, and by how much the API's own db_errors_total rose; it counts probes too.",
    scale: 'linear',
    lines: [...lines, line(seconds, 'db_errors', 'db_errors (API)', true)],
  }
}

function attack(seconds: SecondRow[]): Chart {
  if (seconds.some(({ guesses = 0 }) => guesses > 0))
    return {
      id: 'attack',
      title: 'The attack: guesses at the secret',
      unit: 'per second, without a request',
      says: 'Each guess is one signature computed and compared: no request, no log line, no limit. The line falls to 0 when the secret has been found.',
      scale: 'linear',
      lines: [line(seconds, 'guesses', 'guesses')],
    }
  const attempts = seconds.map((one) => one.attempts ?? {})
  const ended = (outcome: Outcome, name: (status: string) => string) =>
    statusLines(attempts, (status) => outcomeOf(Number(status)) === outcome, name)
  return {
    id: 'attack',
    title: 'The attack: what its attempts met',
    unit: 'attempts ended per second',
    says: 'Accepted: the attacker got through; the line stands here even if that never happened. 4xx: refused, as it should be. No answer: the connection was cut; those still open at the end of the attack are left out. In a flood a hundred connections that say nothing count as one attempt.',
    scale: 'linear',
    lines: [
      { name: 'accepted (2xx)', values: attempts.map((one) => sumOf(one, 'accepted')) },
      ...ended('refused', (status) => `refused (${status})`),
      ...ended('unanswered', () => 'no answer'),
      ...ended('error', (status) => `error (${status})`),
    ],
  }
}

const memory = (seconds: SecondRow[]): Chart => ({
  id: 'memory',
  title: 'Memory of the API',
  unit: 'MB',
  says: 'What the attacker can make the API hold. In the stack its container has a limit, and a process that needs more is killed.',
  scale: 'linear',
  lines: [line(seconds, 'memory_mb', 'memory')],
})

const states = (seconds: SecondRow[]): Chart => ({
  id: 'database',
  title: 'Database',
  unit: '',
  says: 'Filled where it is so: the truth on top, then what the API said about itself, then whether the anomaly detector raised an alarm.',
  scale: 'lanes',
  lines: [
    { name: 'fault in force', values: seconds.map(({ fault }) => (fault ? 1 : 0)) },
    {
      name: 'db_available = 0',
      values: seconds.map(({ db_available }) => (typeof db_available === 'number' ? 1 - db_available : null)),
    },
    line(seconds, 'degraded', '/health degraded'),
    { name: 'anomaly alarm', values: detect(seconds).combined.map(Number) },
  ],
})

const sides = (seconds: SecondRow[]): Chart => ({
  id: 'sides',
  place: 'both sides',
  title: 'Client against server',
  unit: 'ms, each step ten times the last',
  says: 'The same requests seen from both sides. The server cannot see the time before its first line of code: when its event loop is late, clients wait and its own p95 does not show it.',
  scale: 'log',
  lines: [
    line(seconds, 'p95_ms', 'p95, client'),
    line(seconds, 'server_p95_ms', 'p95, server'),
    line(seconds, 'event_loop_delay_ms', 'event loop delay', true),
  ],
})

const shown = ['error_ratio', 'p95_ms', 'event_loop_delay_ms', 'db_available']
const edge = 20

function scores(seconds: SecondRow[]): Chart {
  const found = detect(seconds).series.filter(({ name }) => shown.includes(name))
  const { threshold, window } = defaults
  return {
    id: 'scores',
    place: 'anomalies',
    title: 'Anomaly scores',
    unit: `deviations from the last ${window} calm seconds`,
    says: `How unusual each second was for its series (z-score). Beyond ${threshold} either way is an alarm of that series; beyond ${edge} the line stays at the edge.`,
    scale: 'scores',
    lines: [
      ...found.map(({ name, scores }) => ({ name, values: scores.map(within) })),
      { name: 'alarm above', values: seconds.map(() => threshold), dash: true },
      { name: 'alarm below', values: seconds.map(() => -threshold), dash: true },
    ],
  }
}

function within(score: number | null): number | null {
  return score === null ? null : Math.max(-edge, Math.min(edge, Math.round(score * 100) / 100))
}
