import { UserError } from '../errors.ts'
import { inTerminal } from '../runner/predict.ts'
import { runExperiment } from '../runner/run-experiment.ts'
import { paragraphs, say, wrap } from '../runner/screen.ts'
import { findRun } from '../runs/find-run.ts'
import { loadSlo } from '../slo.ts'
import { commandOf, findLesson, lessonNames, loadLesson, type Play, secondsUnderLoad } from './lesson.ts'
import {
  type Asked,
  type Compared,
  formOf,
  hintOf,
  isAnswer,
  letters,
  noIdea,
  optionsOf,
  provesNothing,
} from './numbers.ts'
import { answerQuestion, keepGuesses, readProgress, remarkOf, runSince, viewOf } from './progress.ts'

/** `seconds`: the length of each run, where it shall not be the lesson's own. */
type LessonOptions = { seconds?: number; slo: string; folder: string; stop: AbortSignal }

/** Lists the lessons and goes on with the first one that is not done; with a name plays that one. */
export async function playLesson(given: string, options: LessonOptions): Promise<void> {
  const names = lessonNames()
  const done = readProgress(options.folder)
  const name = given ? findLesson(given) : names.find((one) => !done[one]?.done)
  if (!given) {
    say('Lessons, each 5 to 10 minutes, in any order: make lesson NAME=3\n')
    for (const one of names)
      say(`  [${done[one]?.done ? 'x' : ' '}] ${one.padEnd(13)} ${(await loadLesson(one)).title}`)
  }
  if (name === undefined) return say('\nAll are done. What did you learn? Try: make mystery')
  if (process.stdin.isTTY && process.stdout.isTTY) await play(name, options)
  else if (given) throw new UserError('A lesson asks you questions: start it in a terminal.')
}

async function play(name: string, options: LessonOptions): Promise<void> {
  const { folder, stop } = options
  const { title, hook, guesses, run: firstRun, knob: secondRun, question } = await loadLesson(name)
  heading(`Lesson ${name}: ${title}`)
  say(paragraphs(hook))

  heading('Your guess')
  const before = await viewOf(folder, name)
  if (before.guesses && !before.done) {
    const words = before.asked.map(({ said }) => said).join('; ')
    say(wrap(`You have made it: ${words}. The lesson goes on from there.`))
  } else {
    say(wrap(`Only you see it, and a wrong guess teaches most. No idea? Answer ${noIdea}`))
    const answers: string[] = []
    for (const guess of guesses) answers.push(await askOne(guess, stop))
    await keepGuesses(folder, name, answers)
  }

  heading('The run')
  const started = await playRun(firstRun, readProgress(folder)[name]?.guessed ?? '', options)
  const view = await viewOf(folder, name)
  if (view.after === undefined) return
  const { compared, why, knob, places } = view.after
  heading('Guess and measurement')
  compared.forEach((one, i) => {
    showGuess(guesses[i]?.ask ?? '', one)
  })
  heading('Why')
  say(paragraphs(why))

  heading('Change one thing')
  say(paragraphs(knob.says))
  if ('command' in secondRun) say(`\n  ${secondRun.command}`)
  else await playRun(secondRun, started, options)
  const { after = '' } = (await viewOf(folder, name)).after?.knob ?? {}
  say(`\n${paragraphs(after)}`)

  heading('One question')
  let answer = await answerQuestion(folder, name, await askOne(question, stop))
  if (!answer.isRight) {
    say('  Not quite. Think again.')
    answer = await answerQuestion(folder, name, await askOne(question, stop))
  }
  say(`\n${wrap(`${answer.isRight ? 'Right.' : `It is: ${answer.right}.`} ${answer.because}`)}`)

  heading('See it elsewhere')
  const { grafana, code } = places
  say(wrap(`In Grafana (make up, with Docker), page /d/${grafana.dashboard}, "${grafana.panel}": ${grafana.look}`))
  say(wrap(`In the code, ${code.place}: ${code.look}`))
  const next = lessonNames().find((one) => !readProgress(folder)[one]?.done)
  say(`\nThis lesson is done. ${next ? `Next: make lesson (${next})` : 'It was the last one. Try: make mystery'}`)
}

function heading(text: string): void {
  say(`\n-- ${text} ${'-'.repeat(Math.max(2, 72 - text.length))}\n`)
}

/** Asks a question in the terminal until its answer can be one. */
export function askOne(one: Asked, stop: AbortSignal): Promise<string> {
  say(`\n${paragraphs(one.ask)}`)
  for (const [i, option] of optionsOf(one).entries()) say(wrap(`${letters[i]}) ${option}`, '  '))
  return inTerminal(stop, (ask) => ask(`  [${formOf(one)}]`, (answer) => isAnswer(one, answer), hintOf(one)))
}

/**
 * Finds the run that was made since, or plays the experiment; again when the run is not like most and the reader wants to.
 * Returns when it was started.
 */
async function playRun(play: Play, since: string, options: LessonOptions): Promise<string> {
  const { seconds = play.seconds, folder, slo, stop } = options
  let run = runSince(folder, play, since)
  if (run) say(`\nHere is your run of ${run.started.slice(11, 16)} UTC.`)
  else {
    const about = await secondsUnderLoad({ ...play, seconds }, loadSlo(slo))
    const ways = `Press Enter to play it now (about ${about} s). Or leave with Ctrl-C, play it yourself (EMBEDDED=1: without Docker), and come back:`
    say(`\n${wrap(ways)}\n\n  ${commandOf(play)}\n`)
    await inTerminal(stop, (ask) => ask('  [Enter]', () => true))
  }
  for (;;) {
    if (run === undefined) {
      await runExperiment({ name: play.experiment, seconds, slo, folder, stop, brief: true })
      run = findRun(folder, play.experiment).journal
    }
    const remark = remarkOf(run)
    if (remark === '') return run.started
    if (provesNothing(run)) heading('THIS RUN PROVES NOTHING')
    say(`\n${wrap(remark)}`)
    const answer = await inTerminal(stop, (ask) =>
      ask('  r plays it again, Enter goes on [Enter]', (one) => /^r?$/.test(one)),
    )
    if (answer === '') return run.started
    run = undefined
  }
}

const barLength = 40

function showGuess(ask: string, { guessed, measured, off, bars }: Compared): void {
  say(paragraphs(ask))
  const most = Math.max(...(bars ?? []))
  const bar = (value = 0) => (most > 0 ? `  ${'#'.repeat(Math.max(1, Math.round((barLength * value) / most)))}` : '')
  if (guessed) say(`  your guess  ${guessed.padEnd(12)}${bar(bars?.[0])}`)
  say(`  measured    ${measured.padEnd(12)}${bar(bars?.[1])}`)
  say(off ? `  ${off}\n` : '')
}
