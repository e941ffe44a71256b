import { Argument, Command, Option } from 'commander'
import {
  duration,
  LAB_SOCKET,
  labToken,
  needStack,
  number,
  oneOf,
  prometheusUrl,
  readJson,
  recordFile,
  runsFolder,
  sloFile,
  stackOf,
} from './config.ts'
import type { Level } from './course/mystery.ts'
import { UserError } from './errors.ts'
import { kinds } from './faults/all.ts'
import type { Verdict } from './load/figures.ts'
import type { Journal } from './runs/journal.ts'
import { loadSlo } from './slo.ts'

type RunOptions = { seconds?: number; runs: number }
type ExperimentOptions = RunOptions & { predict?: true; guesses?: string; load?: 'own' | 'k6' }
type ScorecardOptions = { all?: string; resume?: true; commit: string; seconds?: number; load?: 'own' | 'k6' }

/** Every command of the lab. Help is made from this table; the code behind a command is loaded when it is called. */
export function createProgram(stop: AbortSignal): Command {
  const program = new Command('lab')
    .exitOverride()
    .showHelpAfterError('`help` lists the commands, `help COMMAND` its options.')
  program.description(
    'Loads an API, breaks it, and judges what happened. Exit codes: 0 PASS, 1 FAIL, 2 INVALID or an error.',
  )
  program
    .option('--slo <file>', 'the goals', sloFile)
    .option('--folder <folder>', 'where runs are kept', runsFolder)
    .option('--record <file>', 'where the long-running lab notes what happens', recordFile)
  const files = () => program.opts<{ slo: string; folder: string; record: string }>()
  const command = (name: string, description: string) => program.command(name).description(description)

  command('lab', 'the live page: load it, break it, watch it, on an API of its own')
    .addOption(numberOption('--port <n>', 'where the page is; another one if 8090 is taken', 0, 65_535).default(8090))
    .option('--no-open', 'only print the link')
    .addOption(numberOption('--seconds <n>', 'length of each run of a lesson', 1, 600))
    .action(async (given) => (await import('./server/lab.ts')).openLab({ ...given, ...files(), stop }))

  command('experiment', 'play one experiment, watch and judge it')
    .addArgument(new Argument('[name]', 'see: experiments').default(''))
    .addOption(numberOption('--seconds <n>', 'length of the whole; without it as long as it should be', 1, 3_600))
    .addOption(numberOption('--runs <n>', 'repeats: median and spread at the end', 1, 100).default(1))
    .option('--predict', 'ask first what you think will come out')
    .option('--guesses <file>', 'the same from a file: a JSON array of numbers')
    .addOption(choiceOption('--load <kind>', 'what sends the load', ['own', 'k6']))
    .action(async (name: string, given: ExperimentOptions) => {
      const { runExperiment } = await import('./runner/run-experiment.ts')
      const { warnOfOthers } = await import('./commands/running.ts')
      const stack = stackOf()
      if (stack) await warnOfOthers(stack.socket)
      end(await runExperiment({ name, ...given, stack, ...files(), stop }))
    })

  command('experiments', 'their names and their questions; with --all every one is played, for a scorecard')
    .option('--all <names>', 'play these one after another, names with commas; 1: all of them')
    .option('--resume', 'go on with the scorecard that was interrupted')
    .option('--commit <name>', 'what is under test, for the scorecard', 'unknown')
    .addOption(numberOption('--seconds <n>', 'length of each', 1, 3_600))
    .addOption(choiceOption('--load <kind>', 'what sends the load', ['own', 'k6']))
    .action(async ({ all, ...given }: ScorecardOptions) => {
      const { experimentLines } = await import('./commands/show.ts')
      if (!all) return console.log(await experimentLines(loadSlo(files().slo)))
      const { runScorecard } = await import('./runner/scorecard.ts')
      const names = all === '1' ? undefined : all.split(',')
      end(await runScorecard({ names, ...given, stack: stackOf(), ...files(), stop }))
    })

  command('lesson', 'a course: guess, run, compare, understand; without a name the list, and the next one')
    .argument('[name]', 'a number or a name', '')
    .addOption(numberOption('--seconds <n>', 'length of each run', 1, 600))
    .action(async (name: string, { seconds }: RunOptions) => {
      const { playLesson } = await import('./course/play-lesson.ts')
      await playLesson(name, { seconds, ...files(), stop })
    })

  command('mystery', 'something goes wrong, unannounced: what, since when, and which number showed it first?')
    .addOption(numberOption('--seed <n>', 'the same seed is the same mystery', 0, 1_000_000))
    .addOption(numberOption('--level <n>', '1 is the easiest', 1, 3).default(1))
    .action(async (given: { seed?: number; level: Level }) => {
      const { playMystery } = await import('./course/play-mystery.ts')
      await playMystery({ ...given, ...files(), stop })
    })

  command('tradeoff', 'play one comparison: its variants in turn, each on an API of its own, under the same load')
    .addArgument(new Argument('[name]', 'see: tradeoffs').default(''))
    .addOption(numberOption('--seconds <n>', 'length of one round; without it as long as it should be', 1, 3_600))
    .addOption(numberOption('--runs <n>', 'rounds', 2, 100).default(3))
    .action(async (name: string, { seconds, runs: rounds }: RunOptions) => {
      const { runTradeoff } = await import('./runner/run-tradeoff.ts')
      end(await runTradeoff({ name, seconds, rounds, ...files(), stop, socket: LAB_SOCKET }))
    })

  command('tradeoffs', 'the comparisons and their questions').action(async () => {
    const { tradeoffLines } = await import('./commands/show.ts')
    console.log(await tradeoffLines(loadSlo(files().slo)))
  })

  command('report', 'the page of a run or a comparison')
    .option('--run <name>', 'the newest without it')
    .action(async ({ run }) => console.log((await import('./commands/show.ts')).report(files().folder, run)))

  command('compare', 'two runs')
    .option('--a <name>', 'one run')
    .option('--b <name>', 'the other')
    .action(async ({ a, b }) => {
      if (!a || !b) throw new UserError('Name two runs: make compare A=... B=...')
      const { compare } = await import('./commands/compare.ts')
      const { findRun } = await import('./runs/find-run.ts')
      const [left, right] = [a, b].map((name) => findRun(files().folder, name).journal) as [Journal, Journal]
      console.log(compare(left, right))
    })

  command('anomalies', 'what a detector makes of a run, graded')
    .option('--run <name>', 'the newest without it')
    .action(async ({ run }) => console.log((await import('./commands/show.ts')).anomalies(files().folder, run)))

  command('session', 'keep as a run what the lab has noted: 15m, or from 15 to 10 minutes ago, 15m-10m')
    .argument('<span>')
    .action(async (span) => {
      const { keepSession } = await import('./commands/show.ts')
      const prometheus = LAB_SOCKET && prometheusUrl
      console.log(await keepSession({ span, ...files(), prometheus }))
    })

  command('index', 'make runs/lab.db anew from the folders beside it').action(async () => {
    const { folder } = files()
    const { updateLabDb } = await import('./runs/lab-db.ts')
    const remark = updateLabDb(folder)
    if (remark) throw new UserError(remark)
    console.log(`${folder}/lab.db holds every run.`)
  })

  command('outage', "take the database of the stack's API away until the time is over, or recover")
    .addOption(choiceOption('--mode <kind>', 'the kind of fault', kinds).default('chmod'))
    .addOption(
      new Option('--for <time>', '30s, 10m, 1h').argParser((text) => duration('FOR', text) && text).default('10m'),
    )
    .action(async ({ mode, for: time }) =>
      (await import('./commands/running.ts')).askForOutage(needStack().socket, mode, time),
    )

  command('recover', 'roll a fault back, also one that a killed process left')
    .option('--database <file>', 'without asking a lab: its database file')
    .action(async ({ database }) => {
      if (!database) return (await import('./commands/running.ts')).askForRecovery(needStack().socket)
      const { recover } = await import('./faults/rollback.ts')
      console.log((await recover(database, stackOf()?.server)) ?? 'Nothing to undo: no fault is on record.')
    })

  command('downtime', "ask the stack's API until it has failed and is back; print how long that took")
    .addOption(new Option('--fault <kind>', 'what it is noted as').choices(['crash']))
    .action(async ({ fault }) => {
      const { downtime } = await import('./commands/running.ts')
      await downtime({ ...needStack(), fault, stop })
    })

  command('serve', 'the long-running lab of the stack: holds faults, watches the API, serves the page')
    .option('--host <address>', 'where it listens', '127.0.0.1')
    .addOption(numberOption('--port <n>', 'the page and the metrics', 0, 65_535).default(8090))
    .addOption(numberOption('--prometheus-port <n>', 'Prometheus, for reading', 0, 65_535).default(9090))
    .action(async ({ host, port, prometheusPort }) => {
      const prometheus = { url: prometheusUrl, port: prometheusPort }
      const { serve } = await import('./server/server.ts')
      await serve({ ...needStack(), ...files(), token: labToken, host, port, prometheus, stop })
    })

  command('status', 'what a running lab does and sees').action(async () =>
    (await import('./commands/running.ts')).askForStatus(needStack().socket),
  )

  command('phase', 'name on the page of the lab what is being done')
    .arguments('<experiment> <phase> <time> [trouble]')
    .action(async (experiment, phase, time, trouble) => {
      const { askLab } = await import('./api-client.ts')
      const { warnOfOthers } = await import('./commands/running.ts')
      if (experiment !== 'none') await warnOfOthers(needStack().socket)
      await askLab(needStack().socket, 'POST', '/phase', { experiment, phase, for: time, trouble })
    })

  command('k6', 'note for a session what k6 has judged')
    .argument('<summary>')
    .action(async (file) => {
      const { askLab } = await import('./api-client.ts')
      const { k6Summary } = await import('./runner/k6-summary.ts')
      await askLab(needStack().socket, 'POST', '/k6', readJson(file, k6Summary))
    })

  return program
}

/** The names that make has for options: a message must name what its reader can write. */
const makes: Record<string, string> = {
  ...{ seconds: 'LENGTH', runs: 'RUNS', load: 'LOAD', mode: 'MODE' },
  ...{ seed: 'SEED', level: 'LEVEL', port: 'LAB_PORT' },
}

function makesName(flags: string): string {
  const [option = ''] = flags.split(' ')
  return makes[option.slice('--'.length)] ?? option
}

function choiceOption(flags: string, description: string, choices: readonly string[]): Option {
  const name = makesName(flags)
  return new Option(flags, description).choices(choices).argParser((text) => oneOf(name, text, choices))
}

function numberOption(flags: string, description: string, from: number, to: number): Option {
  const name = makesName(flags)
  return new Option(flags, description).argParser((text) => number(name, text, from, to, name !== 'LENGTH'))
}

/** The last line names the verdict: make turns every exit code that is not 0 into 2. */
function end(verdict: Verdict): void {
  process.exitCode = { PASS: 0, FAIL: 1, INVALID: 2 }[verdict]
  // In the stack there are results to be copied first: scripts/stack/experiment prints it.
  if (!LAB_SOCKET) console.log(`Verdict: ${verdict}`)
}
