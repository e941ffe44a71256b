import { Counter, Gauge, type Registry } from 'prom-client'
import { ask } from '../api-client.ts'
import { now } from '../clock.ts'
import type { Session } from '../session.ts'

const everyMs = 1_000
const targets = ['data', 'health'] as const
type Target = (typeof targets)[number]

/** What an outside client saw last; status 0: no answer. `degraded` as /health said, undefined when it said nothing. */
export type Outside = Record<Target, { status: number; seconds: number }> & { degraded?: boolean }

/** Asks /health and for one page of notes once a second, and puts what it saw on the metrics page. */
export function watchOutside(session: Session, registers: Registry[]): { seen: Outside; stop: () => void } {
  const status = new Gauge({
    name: 'lab_probe_status',
    help: 'HTTP status an outside client saw last; 0: no answer',
    labelNames: ['target'],
    registers,
  })
  const duration = new Gauge({
    name: 'lab_probe_duration_seconds',
    help: 'How long that answer took',
    labelNames: ['target'],
    registers,
  })
  const degraded = new Gauge({ name: 'lab_probe_degraded', help: '1 while /health says degraded, else 0', registers })
  const requests = new Counter({
    name: 'lab_probe_requests_total',
    help: 'Requests of the outside client: success is a 2xx',
    labelNames: ['target', 'outcome'],
    registers,
  })
  for (const target of targets) for (const outcome of ['success', 'failure']) requests.inc({ target, outcome }, 0)
  const seen: Outside = { data: { status: 0, seconds: 0 }, health: { status: 0, seconds: 0 } }

  async function look(target: Target, path: string, token?: string): Promise<string> {
    const asked = now()
    const answer = await ask(session.pool, { method: 'GET', path, token }).catch(() => ({ status: 0, text: '' }))
    const seconds = (now() - asked) / 1000
    seen[target] = { status: answer.status, seconds }
    status.set({ target }, answer.status)
    duration.set({ target }, seconds)
    requests.inc({ target, outcome: answer.status >= 200 && answer.status < 300 ? 'success' : 'failure' })
    return answer.text
  }

  async function lookAround(): Promise<void> {
    const text = await look('health', '/health')
    seen.degraded = text.startsWith('{') ? JSON.parse(text).degraded === true : undefined
    degraded.set(seen.degraded ? 1 : 0)
    // An API that does not even say this is starting, or gone: nobody can log in there.
    const token = seen.health.status === 0 ? undefined : await session.token().catch(() => undefined)
    // Without a token the status is still worth knowing: 401 or 503.
    await look('data', '/data/notes?limit=1', token)
    if (token && seen.data.status === 401) session.invalidate()
  }

  const timer = setInterval(lookAround, everyMs)
  return { seen, stop: () => clearInterval(timer) }
}
