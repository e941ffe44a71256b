import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { reasonOf, UserError } from '../errors.ts'
import type { Journal } from '../runs/journal.ts'
import type { Slo } from '../slo.ts'
import type { Experiment, Prediction } from './experiment.ts'
import { measure, measures } from './measures.ts'
import type { Run } from './run.ts'
import { say, wrap } from './screen.ts'
import { inWords } from './selection.ts'

const noIdea = '?'
/** A comma may only separate thousands, as in the lab's own output. */
const aNumber = /^-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?$/

/** The number in an answer, which may bear the unit that is asked for, or seconds for milliseconds; undefined when it is none. */
export function numberIn(answer: string, unit: string): string | undefined {
  const [, digits = '', its = ''] = /^([-\d.,]+) *(.*)$/.exec(answer.trim()) ?? []
  if (!aNumber.test(digits)) return undefined
  const found = digits.replaceAll(',', '')
  if (its === 's' && unit === 'ms') return String(1000 * Number(found))
  return its === '' || its === unit ? found : undefined
}

/** The number in an answer, or "?"; undefined when it is neither. */
export function guessOf(answer: string, { measure }: Pick<Prediction, 'measure'>): string | undefined {
  return answer.trim() === noIdea ? noIdea : numberIn(answer, measures[measure].unit)
}

const hint = `Write a number without its unit, such as 1000 or 1.5, or ${noIdea}.`

type GuessOptions = { guesses?: string; predict?: boolean; stop: AbortSignal }

/** Reads the guesses, one for each question, from the file that was named, or asks for them; never without a terminal. */
export async function guessesFor(questions: Prediction[], options: GuessOptions): Promise<string[] | undefined> {
  if (options.guesses !== undefined) return readGuesses(options.guesses, questions)
  if (!options.predict) return undefined
  if (process.stdin.isTTY && process.stdout.isTTY) return askGuesses(questions, options.stop)
  say('There is no terminal to ask for predictions in: give them in a file, GUESSES=file.')
  return undefined
}

/** Reads guesses from a file: a JSON array with one number, or "?", for each question. Throws a UserError that lists the questions. */
function readGuesses(file: string, questions: Prediction[]): string[] {
  let given: unknown
  try {
    given = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new UserError(`${file} cannot be read as JSON (${reasonOf(error)}). ${wanted(questions)}`)
  }
  const answers = Array.isArray(given) ? given.map(String) : []
  const found = questions.flatMap((question, i) => guessOf(answers[i] ?? '', question) ?? [])
  if (found.length === questions.length && answers.length === found.length) return found
  throw new UserError(`${file} does not hold one guess for each question. ${wanted(questions)}`)
}

/** Asks each question in the terminal. */
function askGuesses(questions: Prediction[], stop: AbortSignal): Promise<string[]> {
  say(wrap(`What do you think will happen? A number for each question, or ${noIdea} if you have no idea.`))
  return inTerminal(stop, async (ask) => {
    const guesses: string[] = []
    for (const question of questions) {
      const isGuess = (answer: string) => guessOf(answer, question) !== undefined
      const answer = await ask(wrap(withUnit(question), '  '), isGuess, hint)
      guesses.push(guessOf(answer, question) ?? noIdea)
    }
    return guesses
  })
}

/** Asks a question in the terminal, again until the answer is one; the hint is shown after a wrong one. */
type Ask = (question: string, isAnswer: (answer: string) => boolean, hint?: string) => Promise<string>

/** Opens the terminal for as long as `use` takes. Rejects with the signal's reason, or with a UserError when the input ends. */
export async function inTerminal<T>(stop: AbortSignal, use: (ask: Ask) => Promise<T>): Promise<T> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  // While a terminal is read, Ctrl-C is a key and Ctrl-D ends the input.
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  const ended = new AbortController()
  terminal.on('close', () => ended.abort())
  const signal = AbortSignal.any([stop, ended.signal])
  try {
    return await use(async (question, isAnswer, hint) => {
      for (;;) {
        const answer = (await terminal.question(`${question} `, { signal })).trim()
        if (isAnswer(answer)) return answer
        if (hint) say(wrap(hint, '  '))
      }
    })
  } catch (error) {
    stop.throwIfAborted()
    if (ended.signal.aborted)
      throw new UserError(`The input ended before every question was answered. Answer ${noIdea} to skip one.`)
    throw error
  } finally {
    terminal.close()
  }
}

/** Each question with its guess, what was measured, and why it came out so. */
export function besideMeasured(
  { predictions, expectations }: Experiment,
  guesses: string[],
  run: Run,
  slo: Slo,
): Journal['predictions'] {
  return predictions.map((one, i) => {
    const { unit } = measures[one.measure]
    const measured = measure(one.measure, one.phase, run, slo)
    const expected = expectations.find(({ measure, phase }) => measure === one.measure && phase === one.phase)
    return {
      question: one.question,
      unit,
      guess: guesses[i] ?? noIdea,
      measured: inWords(measured, unit),
      value: measured.value ?? null,
      why: one.why ?? expected?.why,
    }
  })
}

function withUnit({ question, measure }: Prediction): string {
  const { unit } = measures[measure]
  return unit === '' ? question : `${question} [${unit}]`
}

function wanted(questions: Prediction[]): string {
  const lines = questions.map((question, i) => `  ${i + 1}. ${withUnit(question)}`)
  return `It should be a JSON array of ${questions.length} numbers (or "${noIdea}"), in this order:\n${lines.join('\n')}`
}
