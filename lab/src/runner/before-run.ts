import { recoverLeftovers } from '../faults/rollback.ts'
import type { StackOptions } from '../targets/target.ts'
import { type Experiment, lengthOf, needsOwnApi, needsOwnLoad } from './experiment.ts'
import { askGuesses, type Guesses, readGuesses } from './predict.ts'
import type { ExperimentOptions } from './run-experiment.ts'
import { say, wrap } from './screen.ts'

// What happens before an experiment is played: what earlier runs left, and what the reader is told and asked.

/** Rolls back what a killed fault has left. */
export async function recoverEarlier(stack?: StackOptions): Promise<void> {
  const recovered = stack && (await recoverLeftovers(stack.database))
  if (recovered) say(recovered)
}

export function introduce(experiment: Experiment, { runs = 1, stack, load }: ExperimentOptions): void {
  say(wrap(experiment.question))
  const times = runs > 1 ? `${runs} times ` : ''
  say(wrap(`This takes ${times}${Math.round(lengthOf(experiment))} s; Ctrl-C ends it at any time.`))
  if (load === 'k6' && needsOwnLoad(experiment))
    say(
      wrap(
        "The lab's own generator makes the load: k6 knows no random arrivals, no clients with a policy, no rates that follow from a run, no phase under a second.",
      ),
    )
  if (stack && needsOwnApi(experiment))
    say(
      wrap(
        "It runs on an API of its own, which the lab starts for it: the stack's API serves none of its requests, and the dashboards show only what its clients measure.",
      ),
    )
}

/** Asks for predictions before the run; never without a terminal. */
export async function guessesFor(
  { predictions }: Experiment,
  options: ExperimentOptions,
): Promise<Guesses | undefined> {
  if (options.guesses !== undefined) return readGuesses(options.guesses, predictions)
  if (!options.predict) return undefined
  if (process.stdin.isTTY && process.stdout.isTTY) return askGuesses(predictions, options.stop)
  say('There is no terminal to ask for predictions in: give them in a file, GUESSES=file.')
  return undefined
}
