import type { Slo } from '../slo.ts'
import { experimentNames, lengthOf, loadExperiment } from './experiment.ts'
import { wrap } from './screen.ts'

/** Every experiment: its name, its length, its question. */
export async function experimentLines(slo: Slo): Promise<string> {
  const entries = experimentNames().map(async (name) => {
    const experiment = await loadExperiment(name, slo)
    return `${name} (${Math.round(lengthOf(experiment))} s)\n${wrap(experiment.question, '  ')}`
  })
  return (await Promise.all(entries)).join('\n')
}
