import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { readJson } from '../config.ts'
import { UserError } from '../errors.ts'
import { text } from '../report/html.ts'
import { waits } from '../report/waits.ts'
import { checkRunsFolder } from '../runner/write-run.ts'
import { findRun } from '../runs/find-run.ts'
import type { Journal } from '../runs/journal.ts'
import { commandOf, findLesson, loadLesson, type Play, placeOf } from './lesson.ts'
import {
  askedOn,
  compare,
  guessedWords,
  hintOf,
  isAnswer,
  isRight,
  noIdea,
  numberGiven,
  provesNothing,
  withNumbers,
} from './numbers.ts'

// How far a reader has come in the course: the terminal and the page go on from each other's state, and show the same.

const progress = z.record(
  z.string(),
  z.object({
    guesses: z.array(z.string()),
    /** When the guesses were made: a run of the lesson's experiment that began later answers them. */
    guessed: z.string(),
    done: z.string().optional(),
  }),
)
type Progress = z.infer<typeof progress>

/** The lessons whose guesses were made, and those that are done. */
export function readProgress(folder: string): Progress {
  const file = join(folder, 'lessons.json')
  return existsSync(file) ? readJson(file, progress) : {}
}

function keepProgress(folder: string, name: string, change: Progress[string]): void {
  checkRunsFolder(folder)
  writeFileSync(
    join(folder, 'lessons.json'),
    `${JSON.stringify({ ...readProgress(folder), [name]: change }, null, 1)}\n`,
  )
}

/** The newest run of an experiment, if it began after a moment and can be read. */
export function runSince(folder: string, { experiment }: Play, since: string): Journal | undefined {
  try {
    const { journal } = findRun(folder, experiment)
    return journal.started > since ? journal : undefined
  } catch {
    return undefined
  }
}

/** A lesson as far as its reader has come: what is not reached yet is missing. `about`: what is shown of a run beside its command. */
export async function viewOf(
  folder: string,
  given: string,
  about: (play: Play) => Promise<object> | object = () => ({}),
) {
  const name = findLesson(given)
  const { title, hook, guesses, run: play, why, knob, question, grafana, code } = await loadLesson(name)
  const kept = readProgress(folder)[name]
  const run = kept && runSince(folder, play, kept.guessed)
  const second = run && 'experiment' in knob ? runSince(folder, knob, run.started) : undefined
  const asked = guesses.map((guess, i) => {
    const said = kept && (guessedWords(guess, kept.guesses[i] ?? noIdea) || 'no idea')
    return { ...askedOn(guess), said }
  })
  return {
    ...{ name, title, hook, asked, guesses: kept?.guesses, done: Boolean(kept?.done && kept.done > kept.guessed) },
    run: { command: commandOf(play), ...(await about(play)) },
    after: run && {
      isInvalid: provesNothing(run),
      remark: remarkOf(run),
      compared: guesses.map((guess, i) => compare(guess, kept?.guesses[i] ?? noIdea, run)),
      theory: text(waits(run)),
      why: withNumbers(why, run).text,
      knob: {
        says: withNumbers(knob.says, run).text,
        isInvalid: second !== undefined && provesNothing(second),
        remark: second ? remarkOf(second) : '',
        command: commandOf(knob),
        ...('experiment' in knob && (await about(knob))),
        after: second ? withNumbers(knob.after, second, run).text : 'command' in knob ? knob.after : undefined,
      },
      question: askedOn(question),
      places: { grafana, code: { place: placeOf(code), look: code.look } },
    },
  }
}

/** Keeps the guesses of a reader. Throws a UserError when one of them cannot be read. */
export async function keepGuesses(folder: string, given: string, guesses: string[]): Promise<void> {
  const name = findLesson(given)
  const asked = (await loadLesson(name)).guesses
  const unread = asked.findIndex((one, i) => !isAnswer(one, guesses[i] ?? ''))
  const [one] = asked.slice(unread)
  if (unread >= 0 && one) throw new UserError(`Question ${unread + 1}: ${hintOf(one)}`)
  if (guesses.length > asked.length) throw new UserError(`Answer ${asked.length} questions.`)
  const kept = asked.map((one, i) => numberGiven(one, guesses[i] ?? '') ?? guesses[i] ?? noIdea)
  keepProgress(folder, name, { ...readProgress(folder)[name], guesses: kept, guessed: new Date().toISOString() })
}

/** Checks the answer to the question of a lesson, which is done with it. */
export async function answerQuestion(folder: string, given: string, said: string) {
  const name = findLesson(given)
  const { question, run: play } = await loadLesson(name)
  const kept = readProgress(folder)[name]
  const run = kept && runSince(folder, play, kept.guessed)
  if (!run || !isAnswer(question, said)) throw new UserError(hintOf(question))
  keepProgress(folder, name, { ...kept, done: new Date().toISOString() })
  const right = 'number' in question ? String(question.number) : question.right
  return { isRight: isRight(question, said), right, because: withNumbers(question.because, run).text }
}

/** What a reader must know before the numbers of a run; nothing where the run went as most do. */
export function remarkOf(run: Journal): string {
  const [reason = ''] = run.reasons
  if (run.verdict === 'PASS') return ''
  if (!provesNothing(run))
    return `This run is not like most (${run.verdict}): ${reason} Read its numbers with that in mind.`
  return `This run is INVALID: its numbers stand below, but they prove nothing. The reason: ${reason} Close other programs and play it again, or go on.`
}
