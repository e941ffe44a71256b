import type { Slo } from '../slo.ts'
import { experimentNames, lengthOf, loadExperiment } from './experiment.ts'
import { wrap } from './screen.ts'

/** Every experiment in the order in which to meet them: its name, its level, its length, its question. */
export async function experimentLines(slo: Slo): Promise<string> {
  const all = await Promise.all(
    experimentNames().map(async (name) => ({ name, experiment: await loadExperiment(name, slo) })),
  )
  all.sort((a, b) => a.experiment.order - b.experiment.order)
  const lines = all.map(({ name, experiment }) => {
    const length = Math.round(lengthOf(experiment))
    return `${name} (level ${experiment.level}, ${length} s)\n${wrap(experiment.question, '  ')}`
  })
  return lines.join('\n')
}
