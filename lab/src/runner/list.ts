import { usersChange } from '../attacks/all.ts'
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
 * What an experiment needs of an API that somebody else starts, one word a line: settings, `hand` for what the
 * lab cannot do to it from its own place (LAB_HAND), and `addresses` for an attack from many of them.
 */
export async function needsOf(name: string, slo: Slo): Promise<string[]> {
  const { settings = {}, faults = [], phases } = await loadExperiment(name, slo)
  const needs = Object.entries(settings).map(([setting, value]) => `${setting}=${value}`)
  const names = phases.map(({ attack }) => attack?.name)
  if (faults.some(({ kind }) => kind === 'crash') || names.some((one) => one && usersChange.has(one)))
    needs.push('hand')
  if (names.includes('password-guesses-from-many-addresses')) needs.push('addresses')
  return needs
}
