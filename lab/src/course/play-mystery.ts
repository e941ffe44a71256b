import { randomInt } from 'node:crypto'
import { relative } from 'node:path'
import { UserError } from '../errors.ts'
import { startOwnLoad } from '../load/load.ts'
import { journalOf } from '../runner/journal-of.ts'
import { play } from '../runner/play.ts'
import { say, textTable, wrap } from '../runner/screen.ts'
import { tellPage } from '../runner/to-page.ts'
import { checkRunsFolder, writeRun } from '../runner/write-run.ts'
import { loadSlo } from '../slo.ts'
import { withEmbedded } from '../targets/embedded.ts'
import { debriefOf, mysteryQuestions } from './debrief.ts'
import { type Level, mystery } from './mystery.ts'
import { askOne } from './play-lesson.ts'

export const againCommand = (level: Level, seed: number) => `make mystery LEVEL=${level} SEED=${seed}`

type Options = { seed?: number; level: Level; slo: string; folder: string; stop: AbortSignal }

/** Plays a mystery, asks what it was, and compares the answers with the truth. The live page, which has started it, asks by itself. */
export async function playMystery({ seed = randomInt(1_000), level, folder, stop, ...given }: Options): Promise<void> {
  const isForPage = process.send !== undefined
  if (!isForPage && (!process.stdin.isTTY || !process.stdout.isTTY))
    throw new UserError('A mystery asks you questions: start it in a terminal.')
  const slo = loadSlo(given.slo)
  const { experiment, trouble } = mystery(seed, level, slo.goals.baseline.rate)
  const again = againCommand(level, seed)
  checkRunsFolder(folder)
  say(
    wrap(
      `A mystery of level ${level} (${again} repeats it). For 45 seconds you see numbers only, a row each second. Then say what it was.`,
    ),
  )
  const { journal, log } = await withEmbedded(experiment, async (target) => {
    const run = await play(experiment, { ...target, ...tellPage() }, startOwnLoad, stop, seed)
    return { journal: journalOf(run, { name: 'mystery', experiment, slo, target, again }), log: target.log?.kept }
  })
  const { folder: kept } = writeRun(folder, journal, log)
  if (isForPage) return
  const answers: string[] = []
  for (const question of mysteryQuestions) answers.push(await askOne(question, stop))
  const { rows, remarks } = debriefOf(journal, trouble, answers)
  say(`\n${textTable(['', 'you', 'truth'], rows, [12, 30, 34])}\n`)
  for (const remark of remarks) say(wrap(remark))
  say(`\nEvery second of it: ${relative(process.cwd(), kept)}/report.html`)
}
