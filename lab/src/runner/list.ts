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

/** What an experiment needs of an API that somebody else starts, one word a line: settings, and `crash` for a kill. */
export async function needsOf(name: string, slo: Slo): Promise<string[]> {
  const { settings = {}, faults = [] } = await loadExperiment(name, slo)
  const crash = faults.some(({ kind }) => kind === 'crash')
  return [...Object.entries(settings).map(([setting, value]) => `${setting}=${value}`), ...(crash ? ['crash'] : [])]
}
