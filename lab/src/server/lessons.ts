import { readdir } from 'node:fs/promises'
import { commandOf, findLesson, lessonNames, loadLesson, type Play, secondsUnderLoad } from '../course/lesson.ts'
import { answerQuestion, keepGuesses, readProgress, viewOf } from '../course/progress.ts'
import { UserError } from '../errors.ts'
import type { Slo } from '../slo.ts'
import type { Runs } from './runs.ts'

/** `seconds`: the length of each run, where it shall not be the lesson's own. */
type Options = { folder: string; slo: Slo; seconds?: number; runs: Runs; changed: () => void }

/** The lessons on the page; the progress is that of the terminal. */
export function createLessons({ folder, slo, seconds, runs, changed }: Options) {
  const lengthOf = (play: Play) => seconds ?? play.seconds
  const loadOf = (play: Play) => secondsUnderLoad({ ...play, seconds: lengthOf(play) }, slo)

  // A run that was made elsewhere is found too. A folder that cannot be read holds none: it must not end the lab.
  let known = 0
  const watch = setInterval(async () => {
    const runs = (await readdir(folder).catch(() => [])).filter((name) => /^\d/.test(name)).length
    if (runs !== known) changed()
    known = runs
  }, 1_000)

  async function list() {
    const progress = readProgress(folder)
    const titles = lessonNames().map(async (name) => {
      return { name, title: (await loadLesson(name)).title, done: Boolean(progress[name]?.done) }
    })
    return Promise.all(titles)
  }

  function view(name: string) {
    return viewOf(folder, name, async (play) => ({ seconds: await loadOf(play) }))
  }

  async function guess(name: string, guesses: string[]): Promise<void> {
    await keepGuesses(folder, name, guesses)
    changed()
  }

  /** `clear`: called when it is certain that the run can be played. */
  async function play(given: string, isKnob: boolean, clear: () => Promise<void>): Promise<void> {
    const name = findLesson(given)
    const lesson = await loadLesson(name)
    const wanted = isKnob ? lesson.knob : lesson.run
    if ('command' in wanted) throw new UserError(`Not here. In a terminal: ${commandOf(wanted)}`)
    const command = ['experiment', wanted.experiment, '--seconds', String(lengthOf(wanted))]
    const length = await loadOf(wanted)
    await clear()
    runs.play(name, command, length, changed)
  }

  async function answer(name: string, said: string) {
    const checked = await answerQuestion(folder, name, said)
    changed()
    return checked
  }

  return { list, view, guess, play, answer, stop: () => clearInterval(watch) }
}
