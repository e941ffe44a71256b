import { detect } from '../anomalies/detect.ts'
import { troublesIn } from '../anomalies/grade.ts'
import { number } from '../report/html.ts'
import { offBy } from '../report/story.ts'
import { numberIn } from '../runner/predict.ts'
import type { Journal } from '../runs/journal.ts'
import type { Guess, Question } from './lesson.ts'

/** A number of a run. `value` is missing where the answer is a word, such as never. */
type Found = { value?: number; text: string }

/**
 * The number of a run behind a reference; undefined when the run does not have it. A reference is
 *
 * - a measure that the experiment judges or asks about, and its phase: `goodput@after`, or of the whole run `notes_lost`
 * - a figure of a phase: `p95_ms@before`, `due@before` (the fields of the journal's figures)
 * - what was planned, known of every run: the length and the rate of a phase, and how long its clients wait for an
 *   answer: `seconds@outage`, `rate@before`, `patience@after`
 * - `alarm:p95_ms`: after how many seconds of trouble this series of the anomaly detector raised an alarm
 * - `capacity`: what the API could do at most in a second; `work_ms`: how long one takes then
 * - `max_ms@before/p50_ms@before`: how many times as much
 */
function numberOf(journal: Journal, reference: string): Found | undefined {
  const [reads, by] = reference.split('/')
  if (by !== undefined) {
    const [over, under] = [numberOf(journal, reads ?? ''), numberOf(journal, by)]
    if (over?.value === undefined || !under?.value) return undefined
    return { value: over.value / under.value, text: `${over.text} against ${under.text}` }
  }
  const [name = '', phase] = reference.split('@')
  if (name.startsWith('alarm:')) return alarmOf(journal, name.slice('alarm:'.length))
  if (name === 'capacity') return journal.capacity && inText(journal.capacity.before, '')
  if (name === 'work_ms') return journal.capacity && inText(1000 / journal.capacity.before, 'ms')
  const planned = journal.planned.phases.find((one) => one.name === phase)
  if (name === 'seconds') return planned && inText(planned.to_s - planned.from_s, 's')
  if (name === 'rate') return planned && inText(planned.rate, '')
  if (name === 'patience') return planned?.clients && inText(Number(planned.clients.timeoutMs), 'ms')
  const measured = journal.measured?.find((one) => one.measure === name && one.phase === phase)
  if (measured) return measured.value === null ? undefined : inText(measured.value, measured.unit)
  const figures: Record<string, number | null> =
    journal.happened.phases.find((one) => one.name === phase)?.figures ?? {}
  const figure = figures[name]
  if (name === 'error_ratio' && typeof figure === 'number') return inText(100 * figure, '%')
  return typeof figure === 'number' ? inText(figure, name.endsWith('_ms') ? 'ms' : '') : undefined
}

function inText(value: number, unit: string): Found {
  // In a sentence the noun says of what: 4.7 requests.
  return { value, text: `${number(value)} ${unit === 'x' ? '' : unit}`.trimEnd() }
}

/** After how many seconds of the run's first trouble a series of the detector raised an alarm. */
function alarmOf({ seconds }: Journal, series: string): Found | undefined {
  const [trouble] = troublesIn(seconds)
  const found = detect(seconds).series.find(({ name }) => name === series)
  if (found === undefined || trouble === undefined) return undefined
  const at = seconds.findIndex(({ second }, i) => found.alarms[i] && second >= trouble.from && second < trouble.to)
  return at < 0 ? { text: 'never' } : inText((seconds[at]?.second ?? 0) - trouble.from + 1, 's')
}

/** The numbers of an INVALID run are shown, and no guess is judged by them. */
export const provesNothing = ({ verdict }: Pick<Journal, 'verdict'>) => verdict === 'INVALID'

/** A text with the numbers of a run in it, and the references that could not be resolved. */
export function withNumbers(text: string, run: Journal, first = run): { text: string; missing: string[] } {
  const missing: string[] = []
  const filled = text.replace(/\{(first )?(.+?)\}/g, (_, ofFirst, reference) => {
    const found = numberOf(ofFirst ? first : run, reference)
    if (found === undefined) missing.push(reference)
    return found?.text ?? '(not measured)'
  })
  return { text: filled, missing }
}

export const noIdea = '?'
export const letters = 'abcdef'

/** What is asked: for a number, for one of some options, or for their order. */
export type Asked = Guess | Question | ({ ask: string } & ({ number: string } | { options: string[] }))

/** A question as the page asks it. */
export function askedOn(one: Asked): { ask: string; options: string[]; how: string } {
  return { ask: one.ask, options: optionsOf(one), how: formOf(one) }
}

/** The options of a question, each with its letter. */
export function optionsOf(one: Asked): string[] {
  if ('options' in one) return one.options
  return 'choice' in one ? one.choice : 'order' in one ? Object.keys(one.order) : []
}

/** How an answer is written: a number, of a guess in its unit, or letters. */
export function formOf(one: Asked): string {
  if ('number' in one) return 'unit' in one ? one.unit : 'a number'
  return 'order' in one ? 'letters, for example: bac' : 'a letter'
}

/** What to write, for a reader whose answer was none. */
export function hintOf(one: Asked): string {
  const what =
    'order' in one
      ? 'every letter once, for example: bac'
      : optionsOf(one).length > 0
        ? 'the letter of one option'
        : 'one number, for example: 200'
  return `Write ${what}${'because' in one ? '' : `. Or ${noIdea} for no idea`}.`
}

/** Whether an answer can be one: a number, a letter, all letters in some order, or no idea. */
export function isAnswer(one: Asked, answer: string): boolean {
  const options = optionsOf(one)
  if (answer === noIdea && 'because' in one === false) return true
  if ('order' in one) return [...answer].sort().join('') === letters.slice(0, options.length)
  if (options.length > 0) return answer.length === 1 && letters.slice(0, options.length).includes(answer)
  return numberGiven(one, answer) !== undefined
}

/** The number in an answer, in the unit that is asked for. */
export function numberGiven(one: Asked, answer: string): string | undefined {
  return numberIn(answer, 'unit' in one ? one.unit : '')
}

export function isRight(question: Question, answer: string): boolean {
  if ('options' in question) return question.options[letters.indexOf(answer)] === question.right
  return Math.abs(Number(numberGiven(question, answer)) - question.number) <= Math.abs(question.number) / 10
}

/** A guess beside the measurement. `bars`: both as numbers, where they are. */
export type Compared = { guessed: string; measured: string; off: string; bars?: [number, number] }

/** A guess in words: the number with its unit, or the chosen options; nothing for no idea. */
export function guessedWords(guess: Guess, answer: string): string {
  if (answer === noIdea) return ''
  if ('number' in guess) return `${answer} ${guess.unit}`.trimEnd()
  return [...answer].map((letter) => optionsOf(guess)[letters.indexOf(letter)] ?? '').join(', ')
}

export function compare(guess: Guess, answer: string, run: Journal): Compared {
  const guessed = guessedWords(guess, answer)
  const asked = 'number' in guess ? [guess.number] : 'choice' in guess ? [guess.of] : Object.values(guess.order)
  const found = asked.flatMap((reference, i) => {
    const { value, text = '' } = numberOf(run, reference) ?? {}
    return value === undefined ? [] : [{ name: optionsOf(guess)[i] ?? '', value, text }]
  })
  const [first] = found
  if (first === undefined || found.length < asked.length) return { guessed, measured: 'not measured', off: '' }
  const unjudged = guessed === '' ? '' : provesNothing(run) ? 'not judged: the run is INVALID' : undefined
  if ('number' in guess) {
    const off = unjudged ?? offBy({ guess: answer, unit: guess.unit, value: first.value })
    const bars: Compared['bars'] = unjudged === undefined ? [Number(answer), first.value] : undefined
    return { guessed, measured: first.text, off, bars }
  }
  const worded = (right: string, measured: string): Compared => {
    return { guessed, measured, off: unjudged ?? (guessed === right ? 'right' : 'not this time') }
  }
  if ('choice' in guess) {
    const right = guess.choice[guess.limits.filter((limit) => first.value >= limit).length] ?? ''
    return worded(right, `${right} (${first.text})`)
  }
  found.sort((a, b) => a.value - b.value)
  const right = found.map(({ name }) => name).join(', ')
  return worded(right, found.map(({ name, text }) => `${name} ${text}`).join(', '))
}
