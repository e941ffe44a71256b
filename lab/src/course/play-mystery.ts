import { randomInt } from 'node:crypto'
import { relative } from 'node:path'
import { UserError } from '../errors.ts'
import { startOwnLoad } from '../load/load.ts'
import { journalOf } from '../runner/journal-of.ts'
import { play } from '../runner/play.ts'
import { say, textTable, wrap } from '../runner/screen.ts'
import { checkRunsFolder, writeRun } from '../runner/write-run.ts'
import { loadSlo, type Slo } from '../slo.ts'
import { withEmbedded } from '../targets/embedded.ts'
import type { Target } from '../targets/target.ts'
import { debriefOf, mysteryQuestions } from './debrief.ts'
import { type Level, mystery } from './mystery.ts'
import { askOne } from './play-lesson.ts'

type Options = { seed: number; level: Level; slo: Slo; folder: string; stop: AbortSignal }
type Hidden = ReturnType<typeof mystery>

/** Plays a mystery on this API and judges it. */
export async function runMystery(
  { trouble, experiment }: Hidden,
  { seed, level, slo, stop }: Omit<Options, 'folder'>,
  target: Target,
) {
  const again = `make mystery LEVEL=${level} SEED=${seed}`
  const run = await play(experiment, target, startOwnLoad, stop, seed)
  const journal = journalOf(run, { name: 'mystery', experiment, slo, target, again })
  return { trouble, journal, again }
}

type TerminalOptions = Omit<Options, 'seed' | 'slo'> & { seed?: number; slo: string }

/** Plays a mystery, asks what it was, and compares the answers with the truth. */
export async function playMystery({ seed = randomInt(1_000), ...given }: TerminalOptions): Promise<void> {
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new UserError('A mystery asks you questions: start it in a terminal.')
  const options = { ...given, seed, slo: loadSlo(given.slo) }
  const { level, slo, folder, stop } = options
  const hidden = mystery(seed, level, slo.goals.baseline.rate)
  checkRunsFolder(folder)
  say(
    wrap(
      `A mystery of level ${level} (make mystery LEVEL=${level} SEED=${seed} repeats it). For 45 seconds you see numbers only, a row each second. Then say what it was.`,
    ),
  )
  const { journal, trouble, log } = await withEmbedded(hidden.experiment, async (target) => {
    return { ...(await runMystery(hidden, options, target)), log: target.log?.kept }
  })
  const { folder: kept } = writeRun(folder, journal, log)
  const answers: string[] = []
  for (const question of mysteryQuestions) answers.push(await askOne(question, stop))
  const { rows, remarks } = debriefOf(journal, trouble, answers)
  say(`\n${textTable(['', 'you', 'truth'], rows, [12, 30, 34])}\n`)
  for (const remark of remarks) say(wrap(remark))
  say(`\nEvery second of it: ${relative(process.cwd(), kept)}/report.html`)
}
