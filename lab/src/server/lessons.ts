import { type ChildProcess, spawn } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { commandOf, findLesson, lessonNames, loadLesson, type Play, secondsUnderLoad } from '../course/lesson.ts'
import { answerQuestion, keepGuesses, readProgress, viewOf } from '../course/progress.ts'
import { UserError } from '../errors.ts'
import type { Slo } from '../slo.ts'

const main = join(import.meta.dirname, '..', 'main.ts')

/** `seconds`: the length of each run, where it shall not be the lesson's own. */
type Options = { folder: string; slo: Slo; seconds?: number; isStack: boolean; changed: () => void }

/** About what a run takes beside its load: the start of its API. */
const startSeconds = 8

/** The lessons on the page; the progress is that of the terminal. Runs are played by a process of their own, one at a time. */
export function createLessons({ folder, slo, seconds, isStack, changed }: Options) {
  let playing: { name: string; from: number; until: number } | undefined
  let child: ChildProcess | undefined

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

  async function view(name: string) {
    return { ...(await viewOf(folder, name, async (play) => ({ seconds: await loadOf(play) }))), playing }
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
    const load = await loadOf(wanted)
    if (playing) throw new UserError('A run is being played: wait for its end.')
    const from = Date.now()
    playing = { name, from, until: from + (startSeconds + load) * 1000 }
    const args = [main, 'experiment', wanted.experiment, '--seconds', String(lengthOf(wanted)), '--folder', folder]
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

  function stop(): void {
    clearInterval(watch)
    child?.kill()
  }

  return { list, view, guess, play, answer, isPlaying: () => playing !== undefined, stop }
}
