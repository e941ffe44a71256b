import { type Outcome, outcomes } from '../attacks/outcomes.ts'
import type { Journal, MetricsEvent } from '../runner/journal.ts'
import type { Chart } from './charts.ts'

const names: Record<Outcome, string> = {
  refused: 'refused (4xx)',
  accepted: 'accepted (2xx)',
  unanswered: 'no answer',
  error: 'error (5xx)',
}

/** What the attackers of a run met, and what they cost the API; nothing where nobody attacked. */
export function attackCharts({ attacks = [], seconds }: Journal): Chart[] {
  if (attacks.length === 0) return []
  if (seconds.some(({ guesses = 0 }) => guesses > 0)) return [guesses(seconds)]
  return [attempts(seconds), ...gauge(seconds, memory), ...gauge(seconds, connections)]
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

/** Always whether anybody got in, even if nobody did; of the other ends those that occurred. */
function attempts(seconds: MetricsEvent[]): Chart {
  const occurred = outcomes.filter((outcome) => seconds.some(({ attempts }) => (attempts?.[outcome] ?? 0) > 0))
  const shown = [...new Set<Outcome>(['refused', 'accepted', ...occurred])]
  return {
    id: 'attack',
    title: 'The attack: what its attempts met',
    unit: 'attempts ended per second',
    says: 'Accepted means that the attacker got through. Refused is what should happen. No answer: the connection was cut off, or still open when the attacker gave up.',
    scale: 'linear',
    lines: shown.map((outcome) => ({
      name: names[outcome],
      values: seconds.map(({ attempts }) => attempts?.[outcome] ?? 0),
    })),
  }
}

type Gauge = Omit<Chart, 'scale' | 'lines'> & { column: 'memory_mb' | 'open_connections'; name: string }

const memory: Gauge = {
  id: 'memory',
  title: 'Memory of the API',
  unit: 'MB',
  says: 'What the attacker can make the API hold. In the stack its container has 208 MiB; a process that needs more is killed.',
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
