import { inTerminal } from '../runner/predict.ts'
import { runExperiment } from '../runner/run-experiment.ts'
import { paragraphs, say, wrap } from '../runner/screen.ts'
import { findRun } from '../runs/find-run.ts'
import type { Journal } from '../runs/journal.ts'
import {
  commandOf,
  findLesson,
  type Guess,
  type Lesson,
  lessonNames,
  loadLesson,
  type Play,
  placeOf,
} from './lesson.ts'
import {
  blank,
  compare,
  formOf,
  guessedWords,
  hintOf,
  isAnswer,
  isRight,
  lettered,
  noIdea,
  optionsOf,
  provesNothing,
  withNumbers,
} from './numbers.ts'
import { keepProgress, readProgress, runSince } from './progress.ts'

/** `seconds`: the length of each run, where it shall not be the lesson's own. */
export type LessonOptions = { seconds?: number; slo: string; folder: string; stop: AbortSignal }

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
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    return say('\nA lesson asks you questions: start it in a terminal.')
  await play(name, await loadLesson(name), options)
}

async function play(name: string, lesson: Lesson, options: LessonOptions): Promise<void> {
  const { folder, stop } = options
  heading(`Lesson ${name}: ${lesson.title}`)
  say(paragraphs(lesson.hook))

  heading('Your guess')
  let kept = readProgress(folder)[name]
  if (kept === undefined || kept.done) {
    kept = { guesses: await askGuesses(lesson.guesses, stop), guessed: new Date().toISOString() }
    keepProgress(folder, name, kept)
  } else {
    const words = lesson.guesses.map((one, i) => guessedWords(one, kept?.guesses[i] ?? noIdea) || 'no idea')
    say(wrap(`You have made it: ${words.join('; ')}. The lesson goes on from there.`))
  }
  const { guesses, guessed } = kept

  heading('The run')
  const run = await playRun(lesson.run, guessed, options)
  heading('Guess and measurement')
  lesson.guesses.forEach((guess, i) => {
    showGuess(guess, guesses[i] ?? noIdea, run)
  })
  heading('Why')
  if (provesNothing(run)) say(`${blanksRemark}\n`)
  say(paragraphs(withNumbers(lesson.why, run).text))

  heading('Change one thing')
  const { knob } = lesson
  say(paragraphs(withNumbers(knob.says, run).text))
  if ('command' in knob) say(`\n  ${knob.command}\n\n${paragraphs(withNumbers(knob.after, run).text)}`)
  else {
    const second = await playRun(knob, run.started, options)
    say(`\n${paragraphs(withNumbers(knob.after, second, run).text)}`)
  }

  heading('One question')
  await askQuestion(lesson, run, stop)

  const { grafana, code } = lesson
  heading('See it elsewhere')
  say(
    wrap(
      `In Grafana (make up, then http://localhost:3000/d/${grafana.dashboard}), "${grafana.panel}": ${grafana.look}`,
    ),
  )
  say(wrap(`In the code, ${placeOf(code)}: ${code.look}`))
  keepProgress(folder, name, { ...kept, done: new Date().toISOString() })
  const next = lessonNames().find((one) => !readProgress(folder)[one]?.done)
  say(`\nThis lesson is done. ${next ? `Next: make lesson (${next})` : 'It was the last one. Try: make mystery'}`)
}

function heading(text: string): void {
  say(`\n-- ${text} ${'-'.repeat(Math.max(2, 72 - text.length))}\n`)
}

function askGuesses(guesses: Guess[], stop: AbortSignal): Promise<string[]> {
  return inTerminal(stop, async (ask) => {
    const answers: string[] = []
    say(wrap(`Only you see it, and a wrong guess teaches most. No idea? Answer ${noIdea}`))
    for (const guess of guesses) {
      say(`\n${paragraphs(guess.ask)}`)
      for (const line of lettered(optionsOf(guess))) say(wrap(line, '  '))
      answers.push(await ask(`  [${formOf(guess)}]`, (answer) => isAnswer(guess, answer), hintOf(guess)))
    }
    return answers
  })
}

/** Finds the run that was made since, or plays the experiment; again when the run is not like most and the reader wants to. */
async function playRun(play: Play, since: string, options: LessonOptions): Promise<Journal> {
  const { seconds = play.seconds, folder, slo, stop } = options
  let run = runSince(folder, play, since)
  if (run) say(`\nHere is your run of ${run.started.slice(11, 16)} UTC.`)
  else {
    const ways = `Press Enter to play it now (about ${seconds} s). Or leave with Ctrl-C, play it yourself, and come back:`
    say(`\n${wrap(ways)}\n\n  ${commandOf(play)}\n`)
    await inTerminal(stop, (ask) => ask('  [Enter]', () => true))
  }
  for (;;) {
    if (run === undefined) {
      const about = { name: play.experiment, seconds, slo, folder, stop }
      await runExperiment({ ...about, runs: 1, predict: false, brief: true, load: 'own' })
      run = findRun(folder, play.experiment).journal
    }
    const remark = remarkOf(run)
    if (remark === '') return run
    if (provesNothing(run)) heading('THIS RUN PROVES NOTHING')
    say(`\n${wrap(remark)}`)
    const goesOn = provesNothing(run) ? 'Enter goes on without its numbers' : 'Enter goes on'
    const answer = await inTerminal(stop, (ask) =>
      ask(`  r plays it again, ${goesOn} [Enter]`, (one) => /^r?$/.test(one)),
    )
    if (answer === '') return run
    run = undefined
  }
}

/** What a reader must know before the numbers of a run; nothing where the run went as most do. */
export function remarkOf(run: Journal): string {
  const [reason = ''] = run.reasons
  if (run.verdict === 'PASS') return ''
  if (!provesNothing(run))
    return `This run is not like most (${run.verdict}): ${reason} Read its numbers with that in mind.`
  return `This run is INVALID. It proves nothing, and your guesses are not judged. Close other programs and play it again. The reason: ${reason}`
}

/** Stands before a text whose numbers are missing, since a run was INVALID. */
export const blanksRemark = `Where you read ${blank}, only a valid run can tell.`

const barLength = 40

function showGuess(guess: Guess, answer: string, run: Journal): void {
  const { guessed, measured, off, bars } = compare(guess, answer, run)
  say(paragraphs(guess.ask))
  const most = Math.max(...(bars ?? []))
  const bar = (value = 0) => (most > 0 ? `  ${'#'.repeat(Math.max(1, Math.round((barLength * value) / most)))}` : '')
  if (guessed) say(`  your guess  ${guessed.padEnd(12)}${bar(bars?.[0])}`)
  say(`  measured    ${measured.padEnd(12)}${bar(bars?.[1])}`)
  say(off ? `  ${off}\n` : '')
}

/** Two tries; then the answer is told. */
async function askQuestion({ question }: Lesson, run: Journal, stop: AbortSignal): Promise<void> {
  say(paragraphs(question.ask))
  for (const line of lettered(optionsOf(question))) say(wrap(line, '  '))
  const asked = () =>
    inTerminal(stop, (ask) =>
      ask(
        `  [${'options' in question ? 'a letter' : 'a number'}]`,
        (answer) => isAnswer(question, answer),
        hintOf(question),
      ),
    )
  let right = isRight(question, await asked())
  if (!right) {
    say('  Not quite. Think again.')
    right = isRight(question, await asked())
  }
  const because = withNumbers(question.because, run).text
  const answer = 'number' in question ? question.number : question.right
  say(`\n${wrap(right ? `Right. ${because}` : `It is: ${answer}. ${because}`)}`)
}
