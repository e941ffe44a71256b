import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { commandOf, findLesson, type Guess, lessonNames, loadLesson, type Play, placeOf } from '../course/lesson.ts'
import {
  compare,
  formOf,
  guessedWords,
  hintOf,
  isAnswer,
  isRight,
  noIdea,
  optionsOf,
  provesNothing,
  withNumbers,
} from '../course/numbers.ts'
import { blanksRemark, remarkOf } from '../course/play-lesson.ts'
import { keepProgress, readProgress, runSince } from '../course/progress.ts'
import { UserError } from '../errors.ts'
import { text } from '../report/html.ts'
import { waits } from '../report/waits.ts'
import { loadExperiment } from '../runner/experiment.ts'
import type { Slo } from '../slo.ts'

const main = join(import.meta.dirname, '..', 'main.ts')

/** `seconds`: the length of each run, where it shall not be the lesson's own. */
type Options = { folder: string; slo: Slo; seconds?: number; isStack: boolean; changed: () => void }

// About what a run takes beside its own length: the start of its API, and where it needs the capacity, a measurement before and after.
const startSeconds = 8
const capacitySeconds = 40

/** The lessons on the page; the progress is that of the terminal. Runs are played by a process of their own, one at a time. */
export function createLessons({ folder, slo, seconds, isStack, changed }: Options) {
  let playing: { name: string; from: number; until: number } | undefined
  let child: ChildProcess | undefined

  const measuredFor = async ({ experiment }: Play) =>
    (await loadExperiment(experiment, slo)).capacity ? capacitySeconds : 0

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
    const asked = guesses.map((guess, i) => {
      const said = kept && (guessedWords(guess, kept.guesses[i] ?? noIdea) || 'no idea')
      return { ask: guess.ask, options: optionsOf(guess), how: formOf(guess), said }
    })
    const lengthOf = (of: { seconds: number }) => seconds ?? of.seconds
    return {
      ...{ name, title, hook, asked, guesses: kept?.guesses, done: Boolean(kept?.done), playing },
      run: { command: commandOf(play), seconds: lengthOf(play), measures: await measuredFor(play) },
      after: run && {
        // An INVALID run: no guess was judged, the texts have no numbers of it.
        isInvalid: provesNothing(run),
        remark: remarkOf(run),
        blanks: blanksRemark,
        compared: guesses.map((guess: Guess, i) => compare(guess, kept?.guesses[i] ?? noIdea, run)),
        why: withNumbers(why, run).text,
        theory: provesNothing(run) ? undefined : text(waits(run)),
        knob: {
          says: withNumbers(knob.says, run).text,
          isInvalid: second !== undefined && provesNothing(second),
          remark: second ? remarkOf(second) : '',
          command: commandOf(knob),
          ...('seconds' in knob && { seconds: lengthOf(knob), measures: await measuredFor(knob) }),
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
    const unread = asked.findIndex((one, i) => !isAnswer(one, guesses[i] ?? ''))
    const [one] = asked.slice(unread)
    if (unread >= 0 && one) throw new UserError(`Question ${unread + 1}: ${hintOf(one)}`)
    if (guesses.length > asked.length) throw new UserError(`Answer ${asked.length} questions.`)
    keepProgress(folder, name, { guesses, guessed: new Date().toISOString() })
    changed()
  }

  async function play(given: string, isKnob: boolean): Promise<void> {
    const name = findLesson(given)
    const lesson = await loadLesson(name)
    const wanted = isKnob ? lesson.knob : lesson.run
    if (isStack || 'command' in wanted) throw new UserError(`Not here. In a terminal: ${commandOf(wanted)}`)
    const more = startSeconds + (await measuredFor(wanted))
    if (playing) throw new UserError('A run is being played: wait for its end.')
    const length = seconds ?? wanted.seconds
    const from = Date.now()
    playing = { name, from, until: from + (length + more) * 1000 }
    const args = [main, 'experiment', wanted.experiment, '--seconds', String(length), '--folder', folder]
    child = spawn(process.execPath, args, { stdio: 'ignore' })
    const over = () => {
      playing = undefined
      changed()
    }
    child.on('exit', over).on('error', over)
    changed()
  }

  async function answer(given: string, said: string): Promise<{ isRight: boolean; right: string; because: string }> {
    const name = findLesson(given)
    const { question, run: play } = await loadLesson(name)
    const kept = readProgress(folder)[name]
    const run = kept && runSince(folder, play, kept.guessed)
    if (!run || !isAnswer(question, said)) throw new UserError(hintOf(question))
    keepProgress(folder, name, { ...kept, done: new Date().toISOString() })
    changed()
    const right = 'number' in question ? String(question.number) : question.right
    return { isRight: isRight(question, said), right, because: withNumbers(question.because, run).text }
  }

  return { list, view, guess, play, answer, isPlaying: () => playing !== undefined, stop: () => child?.kill() }
}
