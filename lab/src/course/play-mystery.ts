import { randomInt } from 'node:crypto'
import { relative } from 'node:path'
import { startOwnLoad } from '../load/load.ts'
import { journalOf } from '../runner/journal-of.ts'
import { judge } from '../runner/judge.ts'
import { play } from '../runner/play.ts'
import { inTerminal } from '../runner/predict.ts'
import { say, textTable, wrap } from '../runner/screen.ts'
import { checkRunsFolder, writeRun } from '../runner/write-run.ts'
import type { Journal } from '../runs/journal.ts'
import { loadSlo } from '../slo.ts'
import { withEmbedded } from '../targets/embedded.ts'
import { sweepFolders } from '../targets/temp-folder.ts'
import { type Level, mystery, signals, type Trouble, troubleNames, troubleWords, truthOf } from './mystery.ts'
import { lettered } from './numbers.ts'

type MysteryOptions = { seed?: number; level: Level; slo: string; folder: string; stop: AbortSignal }

/** Plays a mystery, asks what it was, and compares the answers with the truth. */
export async function playMystery({ seed = randomInt(1_000), level, ...options }: MysteryOptions): Promise<void> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return say('A mystery asks you questions: start it in a terminal.')
  const { folder, stop } = options
  const slo = loadSlo(options.slo)
  const { trouble, experiment } = mystery(seed, level, slo.goals.baseline.rate)
  const again = `make mystery LEVEL=${level} SEED=${seed}`
  checkRunsFolder(folder)
  await sweepFolders()
  say(
    wrap(
      `A mystery of level ${level} (${again} repeats it). For 45 seconds you see numbers only. Then say what it was.`,
    ),
  )
  const { journal, log } = await withEmbedded(experiment, async (target) => {
    const run = await play(experiment, target, startOwnLoad, stop, seed)
    const about = { name: 'mystery', experiment, slo, target, predictions: [], run: { number: 1, of: 1 }, again }
    return { journal: journalOf(run, judge(run, experiment, slo), about), log: target.log?.kept }
  })
  const { folder: kept } = writeRun(folder, journal, log)
  const answers = await askAnswers(stop)
  debrief(journal, trouble, answers)
  say(`\nEvery second of it: ${relative(process.cwd(), kept)}/report.html`)
}

type Answers = { what: string; since: number; signal: string }

function askAnswers(stop: AbortSignal): Promise<Answers> {
  return inTerminal(stop, async (ask) => {
    const choose = async (question: string, options: string[]) => {
      say(`\n${question}`)
      const lines = lettered(options)
      for (const line of lines) say(wrap(line, '  '))
      const letter = await ask('  [a letter]', (one) => one.length === 1 && lines.some((line) => line.startsWith(one)))
      return options[lines.findIndex((line) => line.startsWith(letter))] ?? ''
    }
    const words = troubleNames.map((name) => troubleWords(name).says)
    const what = await choose('What was it?', words)
    say('\nSince which second?')
    const since = Number(await ask('  [a number]', (one) => /^\d{1,3}$/.test(one)))
    return { what, since, signal: await choose('Which number showed it first?', signals) }
  })
}

/** The truth beside the answers, and what a machine would have noticed. */
function debrief(journal: Journal, trouble: Trouble, { what, since, signal }: Answers): void {
  const { says, why, alert } = troubleWords(trouble)
  const truth = truthOf(journal)
  const late = since - truth.since
  const off = late === 0 ? 'exactly' : `${Math.abs(late)} s ${late > 0 ? 'late' : 'early'}`
  const rows = [
    ['what', what, what === says ? 'right' : says],
    ['since second', String(since), `${truth.since}: ${off}`],
    [
      'first signal',
      signal,
      truth.first.includes(signal as never) ? 'right' : truth.first.join(' and ') || 'none moved far',
    ],
  ]
  say(`\n${textTable(['', 'you', 'truth'], rows, [12, 30, 34])}`)
  say(`\n${wrap(`Why: ${why}`)}`)
  const noticed = signals.map((one) => `${one} ${truth.alarms.has(one) ? `after ${truth.alarms.get(one)} s` : 'never'}`)
  say(
    wrap(
      `What the anomaly detector noticed: ${noticed.join(', ')}. It knows nothing of faults: it compares each number with its own last 30 seconds.`,
    ),
  )
  say(
    wrap(
      `In the stack the alert for this is ${alert}, if the trouble lasts long enough for it: docs/runbook.md says what to do then.`,
    ),
  )
}
