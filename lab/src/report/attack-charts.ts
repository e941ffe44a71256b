import { type Outcome, outcomeOf } from '../attacks/outcomes.ts'
import type { Journal, MetricsEvent } from '../runs/journal.ts'
import type { Chart } from './charts.ts'

/** What the attackers of a run met, and what they cost the API; nothing where nobody attacked. */
export function attackCharts({ attacks = [], seconds }: Journal): Chart[] {
  if (attacks.length === 0) return []
  if (seconds.some(({ guesses = 0 }) => guesses > 0)) return [guesses(seconds)]
  return [
    attempts(seconds, attacks.some(({ name }) => name === 'flood') ? crowds : ''),
    ...gauge(seconds, memory),
    ...gauge(seconds, connections),
  ]
}

function guesses(seconds: MetricsEvent[]): Chart {
  return {
    id: 'attack',
    title: 'The attack: guesses at the secret',
    unit: 'per second, offline',
    says: 'Each guess is one signature computed and compared: no request, no log line, no limit. The line falls to 0 when the secret has been found.',
    scale: 'linear',
    lines: [{ name: 'guesses', values: seconds.map(({ guesses = 0 }) => guesses) }],
  }
}

const mostRefusals = 4
const crowds = ' In a flood a hundred connections that say nothing are opened at once, as one attempt.'

/** Always whether anybody got in, even if nobody did; refusals status by status. */
function attempts(seconds: MetricsEvent[], more: string): Chart {
  const total = new Map<string, number>()
  for (const { attempts } of seconds)
    for (const [status, count] of Object.entries(attempts ?? {})) total.set(status, (total.get(status) ?? 0) + count)
  const statuses = [...total].sort((a, b) => b[1] - a[1]).map(([status]) => status)
  const of = (outcome: Outcome) => statuses.filter((status) => outcomeOf(Number(status)) === outcome)
  const line = (name: string, summed: string[]) => ({
    name,
    values: seconds.map(({ attempts }) => summed.reduce((sum, status) => sum + (attempts?.[status] ?? 0), 0)),
  })
  const refusals = of('refused').slice(0, mostRefusals)
  return {
    id: 'attack',
    title: 'The attack: what its attempts met',
    unit: 'attempts ended per second',
    says: `Accepted means that the attacker got through. 4xx are refusals, as it should be. No answer: the connection was cut off; those that were open when the attacker gave up are left out.${more}`,
    scale: 'linear',
    lines: [
      line('accepted (2xx)', of('accepted')),
      ...refusals.map((status) => line(`refused (${status})`, [status])),
      ...(total.has('0') ? [line('no answer', ['0'])] : []),
      ...(of('error').length > 0 ? [line('error (5xx)', of('error'))] : []),
    ],
  }
}

type Gauge = Omit<Chart, 'scale' | 'lines'> & { column: 'memory_mb' | 'open_connections'; name: string }

const memory: Gauge = {
  id: 'memory',
  title: 'Memory of the API',
  unit: 'MB',
  says: 'What the attacker can make the API hold. In the stack its container has a limit, and a process that needs more is killed.',
  column: 'memory_mb',
  name: 'memory',
}
const connections: Gauge = {
  id: 'connections',
  title: 'Open connections',
  unit: '',
  says: 'Those of the clients and those of the attacker. Each takes room, whether or not anything is said on it.',
  column: 'open_connections',
  name: 'open',
}

/** Nothing where it was never read. */
function gauge(seconds: MetricsEvent[], { column, name, ...about }: Gauge): Chart[] {
  const values = seconds.map((one) => one[column] ?? null)
  return values.some((one) => one !== null) ? [{ ...about, scale: 'linear', lines: [{ name, values }] }] : []
}
