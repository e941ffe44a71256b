import { randomInt } from 'node:crypto'
import { type Debrief, debriefOf, mysteryQuestions } from '../course/debrief.ts'
import { type Level, mystery } from '../course/mystery.ts'
import { askedOn, hintOf, isAnswer } from '../course/numbers.ts'
import { runMystery } from '../course/play-mystery.ts'
import { reasonOf, UserError } from '../errors.ts'
import { followRequests, type Met } from '../load/follow.ts'
import { lengthOf } from '../runner/experiment.ts'
import { checkRunsFolder, writeRun } from '../runner/write-run.ts'
import type { Slo } from '../slo.ts'
import type { Target } from '../targets/target.ts'
import type { Story } from './story.ts'

type Options = {
  slo: Slo
  folder: string
  /** Called several times in every second with what the clients met since the last call. */
  met: (met: Met) => void
  changed: () => void
  tell: Story['tell']
}

type Current = {
  level: Level
  end: AbortController
  over?: Promise<void>
  /** When its first second began, and its end. */
  from?: number
  until?: number
  played?: Awaited<ReturnType<typeof runMystery>>
  debrief?: Debrief & { again: string }
}

/** A mystery on the page's own API: until it is answered, the page shows numbers and nothing that tells what happens. */
export function createMystery({ slo, folder, met, changed, tell }: Options) {
  let current: Current | undefined

  async function begin(target: Target, level: Level, seed = randomInt(1_000)): Promise<void> {
    checkRunsFolder(folder)
    const hidden = mystery(seed, level, slo.goals.baseline.rate)
    const mine: Current = { level, end: new AbortController() }
    current = mine
    changed()
    const { follow, look } = followRequests()
    const watched: Target = {
      ...target,
      follow,
      loaded: (calls, dropped) => met({ calls, dropped, ...look() }),
      entered() {
        if (mine.from) return
        mine.from = Date.now()
        mine.until = mine.from + 1000 * lengthOf(hidden.experiment)
        changed()
      },
    }
    const options = { seed, level, slo, stop: mine.end.signal }
    const { settings } = hidden.experiment
    async function playIt() {
      await target.api?.restart({ SHED_AFTER_MS: '0', ...settings })
      mine.played = await runMystery(hidden, options, watched)
      writeRun(folder, mine.played.journal)
    }
    const failed = (error: unknown) => {
      if (!mine.end.signal.aborted) tell(`The mystery could not be played (${reasonOf(error)})`, 'bad')
      current = undefined
    }
    mine.over = playIt()
      .catch(failed)
      .finally(() => settings && target.api?.restart({ BUSY_TIMEOUT_MS: '0' }).catch(failed))
      .finally(changed)
  }

  function solve(answers: string[]): void {
    const played = current?.played
    if (!current || !played) throw new UserError('There is no mystery to answer.')
    const wrong = mysteryQuestions.find((one, i) => !isAnswer(one, answers[i] ?? ''))
    if (wrong) throw new UserError(`${wrong.ask} ${hintOf(wrong)}`)
    current.debrief = { ...debriefOf(played.journal, played.trouble, answers), again: played.again }
    changed()
  }

  async function end(): Promise<void> {
    current?.end.abort()
    await current?.over
    current = undefined
    changed()
  }

  /** Throws a UserError while a mystery is unanswered: other acts would disturb it. Ends one that is answered. */
  async function giveWay(): Promise<void> {
    if (isHidden()) throw new UserError('A mystery is on: answer it, or end it.')
    if (current) await end()
  }

  const isHidden = () => current !== undefined && current.debrief === undefined
  /** The page stands still while the reader answers and compares. */
  const isOver = () => current?.played !== undefined
  function view() {
    if (!current) return null
    const { level, from, until, debrief } = current
    return { level, from, until, debrief, questions: isOver() && !debrief ? mysteryQuestions.map(askedOn) : undefined }
  }
  return { begin, solve, end, giveWay, isHidden, isOver, view }
}
