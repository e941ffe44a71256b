import { type ChildProcess, spawn } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { commandOf, findLesson, lessonNames, loadLesson, type Play, secondsUnderLoad } from '../course/lesson.ts'
import { answerQuestion, keepGuesses, readProgress, viewOf } from '../course/progress.ts'
import { UserError } from '../errors.ts'
import type { FaultKind } from '../faults/all.ts'
import type { News } from '../runner/to-page.ts'
import type { Slo } from '../slo.ts'
import type { ApiState } from '../targets/target.ts'

const main = join(import.meta.dirname, '..', 'main.ts')

/** `seconds`: the length of each run, where it shall not be the lesson's own. `heard`: called with what a run tells. */
type Options = { folder: string; slo: Slo; seconds?: number; changed: () => void; heard: (news: News) => void }

/** A run, and what it has told last. `until`: when its load is likely to be over. */
type Playing = {
  name: string
  from: number
  until: number
  phase?: { name: string; rate: number }
  fault?: FaultKind
  api?: ApiState
}

/** About what a run takes beside its load: the start of its API. */
const startSeconds = 8

/** The lessons on the page; the progress is that of the terminal. Runs are played by a process of their own, one at a time. */
export function createLessons({ folder, slo, seconds, changed, heard }: Options) {
  let playing: Playing | undefined
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

  function view(name: string) {
    return viewOf(folder, name, async (play) => ({ seconds: await loadOf(play) }))
  }

  async function guess(name: string, guesses: string[]): Promise<void> {
    await keepGuesses(folder, name, guesses)
    changed()
  }

  async function play(given: string, isKnob: boolean): Promise<void> {
    const name = findLesson(given)
    const lesson = await loadLesson(name)
    const wanted = isKnob ? lesson.knob : lesson.run
    if ('command' in wanted) throw new UserError(`Not here. In a terminal: ${commandOf(wanted)}`)
    const load = await loadOf(wanted)
    // It was pressed twice.
    if (playing) return
    const from = Date.now()
    const mine: Playing = { name, from, until: from + (startSeconds + load) * 1000 }
    playing = mine
    const args = [main, 'experiment', wanted.experiment, '--seconds', String(lengthOf(wanted)), '--folder', folder]
    child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    child.on('message', (news: News) => {
      if ('met' in news) mine.api = news.api
      if ('phase' in news) mine.phase = news.phase
      if ('fault' in news) mine.fault = news.fault[1] === 'over' ? undefined : news.fault[0]
      heard(news)
    })
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
  return { list, view, guess, play, answer, playing: () => playing, stop }
}
