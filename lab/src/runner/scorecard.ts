import { basename, join, relative } from 'node:path'
import { now } from '../clock.ts'
import { Skipped, UserError } from '../errors.ts'
import type { Verdict } from '../load/figures.ts'
import { alike, cells, changes, conditions, figuresIn, heads, says, scorecardHtml } from '../report/scorecard.ts'
import { type Entry, type Scorecard, scorecardsIn, writeScorecard } from '../runs/scorecard.ts'
import { loadSlo, type Slo } from '../slo.ts'
import { experimentNames, inOrder, lengthAsked, loadExperiment } from './experiment.ts'
import { together } from './judge.ts'
import { thisMachine } from './machine.ts'
import { type ExperimentOptions, runExperiment } from './run-experiment.ts'
import { beQuiet, textTable, wrap } from './screen.ts'
import { checkRunsFolder } from './write-run.ts'

/** `names`: which experiments; all of them without. */
type Options = Omit<ExperimentOptions, 'name' | 'runs' | 'predict'> & {
  names?: string[]
  commit: string
  resume?: boolean
}

/** Plays experiments, the easy ones first, and keeps a scorecard. Returns the verdict of all together. Rejects when interrupted. */
export async function runScorecard(options: Options): Promise<Verdict> {
  const { folder, stop } = options
  checkRunsFolder(folder)
  const goals = loadSlo(options.slo)
  const all = scorecardsIn(folder)
  const fresh = await newScorecard(options, goals)
  const begun = options.resume ? unfinished(all, fresh) : undefined
  const card = begun ?? fresh
  const last = all.findLast((one) => one !== begun && isAlike(one, card))
  const keep = () => writeScorecard(folder, card, scorecardHtml(card, last))
  const left = card.planned.length - card.entries.length
  console.log(`${left} experiments, ${await timeLeft(card, goals)}; Ctrl-C ends it and keeps what there is.`)

  beQuiet(true)
  try {
    for (const name of card.planned.slice(card.entries.length)) {
      const number = String(card.entries.length + 1).padStart(3)
      process.stdout.write(`${number} of ${card.planned.length}  ${name.padEnd(24)}`)
      const entry = await playOne(name, { ...options, seconds: card.seconds })
      card.entries.push(entry)
      const took = String(Math.round(entry.took_s)).padStart(4)
      console.log(`${entry.verdict.padEnd(8)} ${took} s   ${await timeLeft(card, goals)}`.trimEnd())
      keep()
    }
  } catch (error) {
    console.log(stop.aborted ? 'interrupted' : 'error')
    throw error
  } finally {
    beQuiet(false)
    const kept = keep()
    console.log(`\n${conclusion(card, last)}\n`)
    // In the stack it is copied out of the container, and make says where to.
    if (!options.stack?.socket) console.log(`Scorecard: ${relative(process.cwd(), join(kept, 'report.html'))}`)
    if (stop.aborted) console.log(`To go on: make experiments ALL=1 RESUME=1${options.stack ? '' : ' EMBEDDED=1'}`)
  }
  return together(card.entries)
}

/** A scorecard that is finished and has the same experiments. */
function isAlike({ planned, entries }: Scorecard, card: Scorecard): boolean {
  return entries.length === planned.length && String(planned) === String(card.planned)
}

function unfinished(all: Scorecard[], { mode, commit }: Scorecard): Scorecard {
  const newest = all.at(-1)
  if (!newest || newest.entries.length === newest.planned.length)
    throw new UserError('RESUME=1: the last scorecard is finished, or there is none. Without it a new one begins.')
  if (newest.mode !== mode || newest.commit !== commit)
    throw new UserError(
      `RESUME=1: the last scorecard is ${newest.mode}, commit ${newest.commit}; this is ${mode}, commit ${commit}. Without it a new one begins.`,
    )
  return newest
}

async function newScorecard(options: Options, goals: Slo): Promise<Scorecard> {
  const { names = experimentNames(), stack, commit, seconds } = options
  const { cpus } = thisMachine()
  const all = await inOrder(names, (name) => loadExperiment(name, goals))
  return {
    schema: 1,
    started: new Date().toISOString(),
    mode: stack ? 'stack' : 'embedded',
    commit,
    machine: `${cpus.count} x ${cpus.model}`,
    seconds,
    planned: all.map(({ name }) => name),
    entries: [],
  }
}

/** Plays one; what cannot be played proves nothing. */
async function playOne(name: string, options: Options): Promise<Entry> {
  const began = now()
  const took = () => (now() - began) / 1_000
  let entry: Omit<Entry, 'took_s'> | undefined
  try {
    await runExperiment({
      ...options,
      name,
      kept: (journal, folder) => {
        const { verdict = 'INVALID', reasons } = journal
        entry = { name, verdict, reasons, run: basename(folder), ...figuresIn(journal) }
      },
    })
  } catch (error) {
    options.stop.throwIfAborted()
    const verdict = error instanceof Skipped ? 'SKIPPED' : 'INVALID'
    entry ??= { name, verdict, reasons: [error instanceof Error ? error.message : String(error)] }
  }
  return { ...(entry ?? { name, verdict: 'INVALID', reasons: ['It was not kept.'] }), took_s: took() }
}

/** The start of an API, its end and the report take about so many seconds. */
const around = 6

/** How long the rest will take. */
async function timeLeft({ planned, entries, seconds }: Scorecard, goals: Slo): Promise<string> {
  let left = 0
  for (const name of planned.slice(entries.length))
    left += lengthAsked(await loadExperiment(name, goals), seconds) + around
  return left > 0 ? `about ${Math.ceil(left / 60)} min left` : ''
}

function conclusion(card: Scorecard, last?: Scorecard): string {
  const reasons = card.entries.flatMap(({ name, reasons: [first, ...more] }) =>
    first ? wrap(`${name}: ${first}${more.length > 0 ? ` And ${more.length} more: see its report.` : ''}`, '  ') : [],
  )
  const differ = last && changes(card, last)
  return [
    textTable(heads, card.entries.map(cells)),
    wrap(says),
    ...(reasons.length > 0 ? [`Why not PASS:\n${reasons.join('\n')}`] : []),
    wrap(conditions(card)),
    ...(last ? [wrap(`Compared with the last one, ${conditions(last)}:`)] : []),
    ...(differ ? [differ.length > 0 ? differ.map((one) => wrap(one, '  ')).join('\n') : alike] : []),
  ].join('\n\n')
}
