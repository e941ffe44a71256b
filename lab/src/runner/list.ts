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

/**
 * What an experiment needs of an API that somebody else starts, one word a line: settings, `crash` for a kill, and
 * `addresses` for an attack from many of them.
 */
export async function needsOf(name: string, slo: Slo): Promise<string[]> {
  const { settings = {}, faults = [], phases } = await loadExperiment(name, slo)
  const needs = Object.entries(settings).map(([setting, value]) => `${setting}=${value}`)
  if (faults.some(({ kind }) => kind === 'crash')) needs.push('crash')
  if (phases.some(({ attack }) => attack?.name === 'password-guesses-from-many-addresses')) needs.push('addresses')
  return needs
}
