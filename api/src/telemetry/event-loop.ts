import { performance } from 'node:perf_hooks'
import { metrics } from '@opentelemetry/api'

const periodMs = 20

/**
 * Measures how late a timer fires: the only JavaScript thread was busy with something else for that time. Node's own monitor
 * is reset by every reading; a histogram only grows, so every reader sees every block.
 * Returns for how many milliseconds the timer is overdue now: the requests of this turn of the loop have waited as long
 * behind others. Each turn begins anew, so some are always served; the delay of the turn before would refuse all of them.
 */
export function measureEventLoop(): () => number {
  const meter = metrics.getMeter('api')
  const delay = meter.createHistogram('nodejs.eventloop.delay', {
    unit: 's',
    description: `Delay of a timer of ${periodMs} ms`,
    advice: { explicitBucketBoundaries: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5] },
  })
  let due = performance.now() + periodMs
  setInterval(() => {
    const now = performance.now()
    delay.record(Math.max(0, now - due) / 1000)
    due = now + periodMs
  }, periodMs).unref()

  meter
    .createObservableCounter('nodejs.eventloop.time', {
      unit: 's',
      description: 'Busy and idle time of the event loop',
    })
    .addCallback((counter) => {
      const { active, idle } = performance.eventLoopUtilization()
      counter.observe(active / 1000, { 'nodejs.eventloop.state': 'active' })
      counter.observe(idle / 1000, { 'nodejs.eventloop.state': 'idle' })
    })
  return () => performance.now() - due
}
