import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { reasonOf, UserError } from '../errors.ts'
import type { Journal } from '../runs/journal.ts'
import type { Slo } from '../slo.ts'
import type { Prediction } from './experiment.ts'
import { inWords } from './measure.ts'
import { measure, measures } from './measures.ts'
import type { Run } from './run.ts'
import { say } from './screen.ts'

const noIdea = '?'
const aNumber = /^-?\d+(?:[.,]\d+)?$/

/** What somebody thinks will come out, one guess for each question; "?" is the honest one. */
export type Guesses = string[]

/** Guesses from a file: a JSON array with one number, or "?", for each question. A UserError that lists the questions otherwise. */
export function readGuesses(file: string, questions: Prediction[]): Guesses {
  let guesses: unknown
  try {
    guesses = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new UserError(`${file} cannot be read as JSON (${reasonOf(error)}). ${wanted(questions)}`)
  }
  const right = Array.isArray(guesses) && guesses.length === questions.length && guesses.map(String).every(isGuess)
  if (!right) throw new UserError(`${file} does not hold the guesses. ${wanted(questions)}`)
  return (guesses as unknown[]).map(String)
}

/** Asks each question in the terminal, again until it has an answer. */
export async function askGuesses(questions: Prediction[], stop: AbortSignal): Promise<Guesses> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  // In a terminal that is being read Ctrl-C is a key.
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  const guesses: Guesses = []
  try {
    say(`What do you think? A number for each question, or ${noIdea} if you have no idea.`)
    for (const question of questions) {
      let guess = ''
      while (!isGuess(guess)) guess = (await terminal.question(`  ${withUnit(question)} `, { signal: stop })).trim()
      guesses.push(guess)
    }
  } catch (error) {
    stop.throwIfAborted()
    throw error
  } finally {
    terminal.close()
  }
  return guesses
}

function isGuess(guess: string): boolean {
  return guess === noIdea || aNumber.test(guess)
}

/** Each question with its guess and what was measured. */
export function besideMeasured(questions: Prediction[], guesses: Guesses, run: Run, slo: Slo): Journal['predictions'] {
  return questions.map((one, i) => {
    const { unit } = measures[one.measure]
    const measured = inWords(measure(one.measure, one.phase, run, slo), unit)
    return { question: one.question, unit, guess: guesses[i] ?? noIdea, measured }
  })
}

function withUnit({ question, measure }: Prediction): string {
  return `${question} [${measures[measure].unit}]`
}

function wanted(questions: Prediction[]): string {
  const lines = questions.map((question, i) => `  ${i + 1}. ${withUnit(question)}`)
  return `It should be a JSON array of ${questions.length} numbers (or "${noIdea}"), in this order:\n${lines.join('\n')}`
}
