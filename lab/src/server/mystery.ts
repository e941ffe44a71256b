import { randomInt } from 'node:crypto'
import { type Debrief, debriefOf, mysteryQuestions } from '../course/debrief.ts'
import { type Level, mystery, type Trouble } from '../course/mystery.ts'
import { askedOn, hintOf, isAnswer } from '../course/numbers.ts'
import { againCommand } from '../course/play-mystery.ts'
import { runSince } from '../course/progress.ts'
import { UserError } from '../errors.ts'
import { lengthOf } from '../runner/experiment.ts'
import type { Journal } from '../runs/journal.ts'
import type { Slo } from '../slo.ts'
import type { LiveRun, Runs } from './runs.ts'

type Options = { slo: Slo; folder: string; runs: Runs; changed: () => void }

type Current = {
  level: Level
  trouble: Trouble
  again: string
  seconds: number
  run?: LiveRun
  /** When it is over. */
  journal?: Journal
  debrief?: Debrief & { again: string }
}

/** A mystery: until it is answered, the page shows numbers and nothing that tells what happens. */
export function createMystery({ slo, folder, runs, changed }: Options) {
  let current: Current | undefined

  function begin(level: Level, seed = randomInt(1_000)): void {
    runs.refuseAnother()
    const { trouble, experiment } = mystery(seed, level, slo.goals.baseline.rate)
    const mine: Current = { level, trouble, again: againCommand(level, seed), seconds: lengthOf(experiment) }
    const asked = new Date().toISOString()
    function ended(): void {
      mine.journal = runSince(folder, { experiment: 'mystery', seconds: mine.seconds }, asked)
      if (mine.journal) return
      current = undefined
      changed()
    }
    current = mine
    mine.run = runs.play('mystery', ['mystery', '--seed', String(seed), '--level', String(level)], mine.seconds, ended)
  }

  function solve(answers: string[]): void {
    const { journal, trouble, again } = current ?? {}
    if (!current || !journal || !trouble || !again) throw new UserError('There is no mystery to answer.')
    const wrong = mysteryQuestions.find((one, i) => !isAnswer(one, answers[i] ?? ''))
    if (wrong) throw new UserError(`${wrong.ask} ${hintOf(wrong)}`)
    current.debrief = { ...debriefOf(journal, trouble, answers), again }
    changed()
  }

  async function end(): Promise<void> {
    if (current && !isOver()) await runs.stop()
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
  const isOver = () => current?.journal !== undefined
  function view() {
    if (!current) return null
    const { level, run, seconds, debrief } = current
    const questions = isOver() && !debrief ? mysteryQuestions.map(askedOn) : undefined
    return { level, from: run?.began, seconds, debrief, questions }
  }
  return { begin, solve, end, giveWay, isHidden, isOver, view }
}
