import { performance } from 'node:perf_hooks'
import type { Meter } from '@opentelemetry/api'

const periodMs = 20

/**
 * Measures how late a timer fires: the only JavaScript thread was busy with something else for that time. Node's own monitor
 * is reset by every reading; a histogram only grows, so every reader sees every block.
 * Returns how many milliseconds a request that arrives now has to wait for the thread, or has waited: the delay of the
 * latest timer, or of the one that is overdue in this turn. Reading it costs a look at the clock.
 */
export function measureEventLoop(meter: Meter): () => number {
  const delay = meter.createHistogram('nodejs.eventloop.delay', {
    unit: 's',
    description: `Delay of a timer of ${periodMs} ms`,
    advice: { explicitBucketBoundaries: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5] },
  })
  let due = performance.now() + periodMs
  let latest = 0 // ms
  setInterval(() => {
    const now = performance.now()
    latest = Math.max(0, now - due)
    delay.record(latest / 1000)
    due = now + periodMs
  }, periodMs).unref()

  meter
    .createObservableCounter('nodejs.eventloop.time', {
      unit: 's',
      description: 'Time that the event loop was busy or idle',
    })
    .addCallback((counter) => {
      const { active, idle } = performance.eventLoopUtilization()
      counter.observe(active / 1000, { 'nodejs.eventloop.state': 'active' })
      counter.observe(idle / 1000, { 'nodejs.eventloop.state': 'idle' })
    })
  return () => Math.max(latest, performance.now() - due)
}
