import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { commandOf, findLesson, type Guess, lessonNames, loadLesson, placeOf } from '../course/lesson.ts'
import { compare, formOf, isAnswer, isRight, noIdea, optionsOf, withNumbers } from '../course/numbers.ts'
import { keepProgress, readProgress, runSince } from '../course/play-lesson.ts'
import { UserError } from '../errors.ts'
import type { Journal } from '../runs/journal.ts'

const main = join(import.meta.dirname, '..', 'main.ts')

/** `seconds`: the length of each run, where it shall not be the lesson's own. */
type Options = { folder: string; seconds?: number; isStack: boolean; changed: () => void }

/** The lessons on the page; the progress is that of the terminal. Runs are played by a process of their own, one at a time. */
export function createLessons({ folder, seconds, isStack, changed }: Options) {
  let playing: { name: string; until: number } | undefined
  let child: ChildProcess | undefined

  async function list() {
    const progress = readProgress(folder)
    const titles = lessonNames().map(async (name) => {
      return { name, title: (await loadLesson(name)).title, done: Boolean(progress[name]?.done) }
    })
    return Promise.all(titles)
  }

  /** A lesson as far as the reader has come: what is not reached yet is not sent. */
  async function view(name: string) {
    const { title, hook, guesses, run: play, why, knob, question, grafana, code } = await loadLesson(findLesson(name))
    const kept = readProgress(folder)[name]
    const run = kept && runSince(folder, play, kept.guessed)
    const second = run && 'experiment' in knob ? runSince(folder, knob, run.started) : undefined
    const asked = guesses.map((guess) => ({ ask: guess.ask, options: optionsOf(guess), how: formOf(guess) }))
    const lengthOf = (of: { seconds: number }) => seconds ?? of.seconds
    return {
      ...{ name, title, hook, asked, guesses: kept?.guesses, done: Boolean(kept?.done), playing },
      run: { command: commandOf(play), seconds: lengthOf(play) },
      after: run && {
        remark: remarkOf(run),
        compared: guesses.map((guess: Guess, i) => compare(guess, kept?.guesses[i] ?? noIdea, run)),
        why: withNumbers(why, run).text,
        knob: {
          says: withNumbers(knob.says, run).text,
          command: commandOf(knob),
          seconds: 'seconds' in knob ? lengthOf(knob) : undefined,
          after: second ? withNumbers(knob.after, second, run).text : 'command' in knob ? knob.after : undefined,
        },
        question: { ask: question.ask, options: optionsOf(question) },
        places: { grafana, code: { place: placeOf(code), look: code.look } },
      },
    }
  }

  async function guess(given: string, guesses: string[]): Promise<void> {
    const name = findLesson(given)
    const asked = (await loadLesson(name)).guesses
    if (guesses.length !== asked.length || !asked.every((one, i) => isAnswer(one, guesses[i] ?? '')))
      throw new UserError(`Answer each question: a number, the letter of an option, or ${noIdea} for no idea.`)
    keepProgress(folder, name, { guesses, guessed: new Date().toISOString() })
    changed()
  }

  async function play(given: string, isKnob: boolean): Promise<void> {
    const name = findLesson(given)
    const lesson = await loadLesson(name)
    const wanted = isKnob ? lesson.knob : lesson.run
    if (isStack || 'command' in wanted) throw new UserError(`Not here. In a terminal: ${commandOf(wanted)}`)
    if (playing) throw new UserError('A run is being played: wait for its end.')
    const length = seconds ?? wanted.seconds
    // The start of an API, and what some experiments measure before.
    playing = { name, until: Date.now() + (length + 8) * 1000 }
    const args = [main, 'experiment', wanted.experiment, '--seconds', String(length), '--folder', folder]
    child = spawn(process.execPath, args, { stdio: 'ignore' })
    const over = () => {
      playing = undefined
      changed()
    }
    child.on('exit', over).on('error', over)
    changed()
  }

  async function answer(given: string, text: string): Promise<{ isRight: boolean; because: string }> {
    const name = findLesson(given)
    const { question, run: play } = await loadLesson(name)
    const kept = readProgress(folder)[name]
    const run = kept && runSince(folder, play, kept.guessed)
    if (!run || !isAnswer(question, text)) throw new UserError('Answer with a number or the letter of an option.')
    keepProgress(folder, name, { ...kept, done: new Date().toISOString() })
    changed()
    return { isRight: isRight(question, text), because: withNumbers(question.because, run).text }
  }

  return { list, view, guess, play, answer, stop: () => child?.kill() }
}

function remarkOf({ verdict, reasons }: Journal): string {
  return verdict === 'PASS' ? '' : `This run is not like most (${verdict}). ${reasons[0] ?? ''}`
}
