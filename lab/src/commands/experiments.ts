import { join } from 'node:path'
import { number, oneOf, options } from '../arguments.ts'
import { checkPackages, stackOf } from '../environment.ts'
import { loadSlo } from '../slo.ts'
import type { Command } from './command.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const usualSlo = join(root, 'slo.json')
const usualFolder = join(root, 'runs')

/** The demo, and everything about experiments; what needs packages is imported when it is wanted. */
export const experimentCommands: Record<string, Command> = {
  async demo(args, stop) {
    const { seconds = '15', slo = usualSlo, folder = usualFolder } = options(args, ['seconds', 'slo', 'folder'])
    checkPackages()
    const { runExperiment } = await import('../runner/run-experiment.ts')
    const factor = number('seconds', seconds, 1, 600) / 15
    return runExperiment({ name: 'demo', factor, runs: 1, predict: false, load: 'own', slo, folder, stop })
  },

  async experiment([name = '', ...args], stop) {
    const { checkName } = await import('../runner/experiment.ts')
    checkName(name)
    const names = ['seconds', 'runs', 'guesses', 'load', 'url', 'metrics', 'database', 'user', 'slo', 'folder']
    const given = options(args, names, ['predict'])
    const { seconds, runs = '1', guesses, slo = usualSlo, folder = usualFolder } = given
    const stack = stackOf(given)
    const load = oneOf('load', given.load ?? (stack ? 'k6' : 'own'), ['own', 'k6'])
    checkPackages()
    const { runExperiment } = await import('../runner/run-experiment.ts')
    return runExperiment({
      name,
      seconds: seconds === undefined ? undefined : number('seconds', seconds, 1, 3_600),
      runs: number('runs', runs, 1, 100),
      predict: given.predict !== undefined,
      stack,
      load,
      guesses,
      slo,
      folder,
      stop,
    })
  },

  async experiments() {
    const { experimentLines } = await import('../runner/list.ts')
    console.log(await experimentLines(loadSlo(usualSlo)))
    return 0
  },
}
