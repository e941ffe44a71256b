import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { commandOf, findLesson, lessonNames, loadLesson, type Play } from '../course/lesson.ts'
import { answerQuestion, keepGuesses, readProgress, viewOf } from '../course/progress.ts'
import { UserError } from '../errors.ts'
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

  async function view(name: string) {
    const about = async (play: Play) => ({ seconds: seconds ?? play.seconds, measures: await measuredFor(play) })
    return { ...(await viewOf(folder, name, about)), playing }
  }

  async function guess(name: string, guesses: string[]): Promise<void> {
    await keepGuesses(folder, name, guesses)
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

  async function answer(name: string, said: string) {
    const checked = await answerQuestion(folder, name, said)
    changed()
    return checked
  }

  return { list, view, guess, play, answer, isPlaying: () => playing !== undefined, stop: () => child?.kill() }
}
