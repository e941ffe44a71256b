import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { reasonOf, UserError } from '../errors.ts'
import type { FaultKind } from '../faults/all.ts'
import type { News } from '../runner/to-page.ts'
import type { ApiState } from '../targets/target.ts'
import type { Story } from './story.ts'

const main = join(import.meta.dirname, '..', 'main.ts')

/** About what a run takes beside its load: the start of its API. */
const startSeconds = 8

/** A run, and what it has told last. `until`: when its load is likely to be over; `began`: when its first phase began. */
export type LiveRun = {
  name: string
  from: number
  until: number
  began?: number
  phase?: { name: string; rate: number; data: number; words: string }
  fault?: FaultKind
  api?: ApiState
}

/** `folder`, `slo`: those of the lab; `heard`: called with what a run tells; `tell`: with why it was not played to its end. */
type Options = {
  folder: string
  slo: string
  changed: () => void
  heard: (news: News) => void
  tell: Story['tell']
}

export type Runs = ReturnType<typeof createRuns>

/** The runs of lessons and mysteries: each is played by a process of its own on an API of its own, one at a time. */
export function createRuns({ folder, slo, changed, heard, tell }: Options) {
  let playing: LiveRun | undefined
  let child: ChildProcess | undefined
  let over: Promise<void> | undefined

  /** Throws a UserError while a run is being played. */
  function refuseAnother(): void {
    if (playing) throw new UserError('A run is being played: wait for its end.')
  }

  /** Plays with a command of the lab, about so many seconds. `ended` is called at the end, however that came. */
  function play(name: string, command: string[], seconds: number, ended = () => {}): LiveRun {
    refuseAnother()
    const from = Date.now()
    const mine: LiveRun = { name, from, until: from + (startSeconds + seconds) * 1000 }
    playing = mine
    const started = spawn(process.execPath, [main, ...command, '--slo', slo, '--folder', folder], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    child = started
    started.on('message', (news: News) => {
      if ('met' in news) mine.api = news.api
      if ('fault' in news) {
        const [kind, what] = news.fault
        if (what === 'begun') mine.fault = kind
        if (what === 'over') mine.fault = undefined
      }
      if ('phase' in news) Object.assign(mine, { phase: news.phase, began: mine.began ?? Date.now() })
      heard(news)
    })
    let printed = ''
    started.stderr?.on('data', (part) => (printed = (printed + part).slice(0, 1_000)))
    const end = once(started, 'close').catch((error) => [reasonOf(error)])
    over = end.then(([code, signal]) => {
      playing = undefined
      // A verdict is 0, 1 or 2. An error is 2 as well, and is printed; its stack is not for the page.
      const isVerdict = code === 0 || code === 1 || (code === 2 && printed === '')
      const why = printed.split(/\n +at /)[0] || `Its process ended with ${code ?? signal}.`
      if (!isVerdict) tell(`The run was not played to its end. ${why}`, 'bad')
      ended()
      changed()
    })
    changed()
    return mine
  }

  async function stop(): Promise<void> {
    if (playing) child?.kill()
    await over
  }
  return { playing: () => playing, refuseAnother, play, stop }
}
