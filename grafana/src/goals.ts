import { join } from 'node:path'
import { loadSlo } from '../../lab/src/slo.ts'

const { baseline, peak } = loadSlo(join(import.meta.dirname, '../../slo.json')).goals

/** The service goals as dashboards and rules need them: latency in seconds, errors as a ratio, rate in requests/s. */
export const goals = {
  baseline: { ...baseline, seconds: baseline.latency_ms / 1000 },
  peak: { ...peak, seconds: peak.latency_ms / 1000 },
}
