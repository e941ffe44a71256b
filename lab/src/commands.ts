import { Argument, Command, Option } from 'commander'
import {
  type ApiOptions,
  apiOf,
  databaseOf,
  duration,
  LAB_SOCKET,
  number,
  oneOf,
  prometheusUrl,
  runsFolder,
  sloFile,
  stackOf,
} from './config.ts'
import { UserError } from './errors.ts'
import { kinds } from './faults/fault.ts'
import { loadSlo } from './slo.ts'

type RunOptions = { slo: string; folder: string; seconds?: number; runs: number }
type ExperimentOptions = RunOptions & ApiOptions & { predict?: true; guesses?: string; load?: 'own' | 'k6' }

/** Every command of the lab. Help is made from this table; the code behind a command is loaded when it is called. */
export function createProgram(stop: AbortSignal): Command {
  const program = new Command('lab')
    .exitOverride()
    .showHelpAfterError('`help` lists the commands, `help COMMAND` its options.')
  program.description(
    'Loads an API, breaks it, and judges what happened. Exit codes: 0 PASS, 1 FAIL, 2 INVALID or an error.',
  )
  const command = (name: string, description: string) => program.command(name).description(description)
  const folder = ['--folder <folder>', 'where runs are kept', runsFolder] as const

  command('demo', 'the whole story in a minute, on an API of its own: load, two outages, recovery, verdict')
    .addOption(numberOption('--seconds <n>', 'length of a load phase; the other phases follow', 1, 600).default(15))
    .option('--slo <file>', 'the goals', sloFile)
    .option(...folder)
    .action(async ({ seconds, slo, folder }: RunOptions & { seconds: number }) => {
      const { runExperiment } = await import('./runner/run-experiment.ts')
      const factor = seconds / 15
      verdict(await runExperiment({ name: 'demo', factor, runs: 1, predict: false, load: 'own', slo, folder, stop }))
    })

  withApi(command('experiment', 'play one experiment, watch and judge it; without --url on an API of its own'))
    .addArgument(new Argument('[name]', 'see: experiments').default(''))
    .addOption(
      numberOption('--seconds <n>', 'length of the whole; without it as long as it should be', 1, 3_600, 'LENGTH'),
    )
    .addOption(numberOption('--runs <n>', 'repeats: median and spread at the end', 1, 100, 'RUNS').default(1))
    .option('--predict', 'ask first what you think will come out')
    .option('--guesses <file>', 'the same from a file: a JSON array of numbers')
    .option('--load <kind>', 'what sends the load: own or k6', (text) => oneOf('LOAD', text, ['own', 'k6']))
    .option('--metrics <url>', 'the metrics page of that API')
    .option('--slo <file>', 'the goals', sloFile)
    .option(...folder)
    .action(async (name: string, given: ExperimentOptions) => {
      const { checkName } = await import('./runner/experiment.ts')
      checkName(name)
      const { seconds, runs, guesses, slo, folder, predict = false } = given
      const stack = stackOf(given)
      const load = given.load ?? (stack ? 'k6' : 'own')
      const { runExperiment } = await import('./runner/run-experiment.ts')
      verdict(await runExperiment({ name, seconds, runs, predict, stack, load, guesses, slo, folder, stop }))
    })

  command('experiments', 'their names and their questions').action(async () => {
    const { experimentLines } = await import('./commands/show.ts')
    console.log(await experimentLines(loadSlo(sloFile)))
  })

  command('tradeoff', 'play one comparison: two settings in turn, each on an API of its own, under the same load')
    .addArgument(new Argument('[name]', 'see: tradeoffs').default(''))
    .addOption(
      numberOption('--seconds <n>', 'length of one round; without it as long as it should be', 1, 3_600, 'LENGTH'),
    )
    .addOption(numberOption('--runs <n>', 'rounds', 2, 100, 'RUNS').default(3))
    .option('--slo <file>', 'the goals', sloFile)
    .option(...folder)
    .action(async (name: string, { seconds, runs: rounds, slo, folder }: RunOptions) => {
      const { runTradeoff } = await import('./runner/run-tradeoff.ts')
      verdict(await runTradeoff({ name, seconds, rounds, slo, folder, stop, socket: LAB_SOCKET }))
    })

  command('tradeoffs', 'the comparisons and their questions').action(async () => {
    const { tradeoffLines } = await import('./commands/show.ts')
    console.log(await tradeoffLines(loadSlo(sloFile)))
  })

  command('report', 'the page of a run or a comparison')
    .option('--run <name>', 'the newest without it')
    .option(...folder)
    .action(async ({ folder, run }) => console.log((await import('./commands/show.ts')).report(folder, run)))

  command('compare', 'two runs, or two lists of repeats with commas')
    .option('--a <names>', 'one run, or its repeats')
    .option('--b <names>', 'the other')
    .option(...folder)
    .action(async ({ folder, a, b }) => {
      if (!a || !b) throw new UserError('Name two runs: make compare A=run B=run, or lists of repeats with commas.')
      const { compare } = await import('./commands/compare.ts')
      const { findRun } = await import('./runs/find-run.ts')
      const journals = (names: string) => names.split(',').map((name) => findRun(folder, name).journal)
      console.log(compare(journals(a), journals(b)))
    })

  command('anomalies', 'what a detector makes of a run, graded')
    .option('--run <name>', 'the newest without it')
    .option(...folder)
    .action(async ({ folder, run }) => console.log((await import('./commands/show.ts')).anomalies(folder, run)))

  command('index', 'make runs/lab.db anew from the folders beside it')
    .option(...folder)
    .action(async ({ folder }) => {
      const { updateLabDb } = await import('./runs/lab-db.ts')
      const remark = updateLabDb(folder)
      if (remark) throw new UserError(remark)
      console.log(`${folder}/lab.db holds every run.`)
    })

  withApi(command('outage', 'take the database of a running API away until the time is over, Ctrl-C, or recover'))
    .addOption(new Option('--mode <kind>', 'the kind of fault').choices(kinds).default('chmod'))
    .addOption(
      new Option('--for <time>', '30s, 10m, 1h').argParser((text) => duration('--for', text) && text).default('10m'),
    )
    .action(async ({ mode, for: time, ...api }) => {
      const { askForOutage, holdOutage } = await import('./commands/running.ts')
      if (LAB_SOCKET) return askForOutage(LAB_SOCKET, mode, time)
      const database = databaseOf(api.database)
      await holdOutage({ ...apiOf(api), database, kind: mode, forMs: duration('--for', time), stop })
    })

  command('recover', 'roll a fault back, also one that a killed process left')
    .option('--database <file>', "the API's database file")
    .action(async ({ database }) => {
      if (LAB_SOCKET && !database) return (await import('./commands/running.ts')).askForRecovery(LAB_SOCKET)
      const { recover } = await import('./faults/rollback.ts')
      console.log((await recover(databaseOf(database))) ?? 'Nothing to undo: no fault is on record.')
    })

  withApi(command('downtime', 'ask a running API until it has failed and is back; print how long that took')).action(
    async (api) => (await import('./commands/running.ts')).downtime(apiOf(api), stop),
  )

  withApi(command('serve', 'the long-running lab of the stack: holds faults, watches the API, serves the page'))
    .option('--host <address>', 'where it listens', '127.0.0.1')
    .addOption(numberOption('--port <n>', 'the page and the metrics', 0, 65_535).default(8090))
    .addOption(numberOption('--prometheus-port <n>', 'Prometheus, for reading', 0, 65_535).default(9090))
    .action(async ({ host, port, prometheusPort, ...api }) => {
      const prometheus = { url: prometheusUrl, port: prometheusPort }
      const { serve } = await import('./server/server.ts')
      await serve({ ...apiOf(api), database: databaseOf(api.database), socket: socket(), host, port, prometheus, stop })
    })

  command('status', 'what a running lab does and sees').action(async () =>
    (await import('./commands/running.ts')).askForStatus(socket()),
  )

  command('phase', 'name on the page of the lab what is being done')
    .arguments('<experiment> <phase> <time>')
    .action(async (experiment, phase, time) => {
      const { askLab } = await import('./api-client.ts')
      await askLab(socket(), 'POST', '/phase', { experiment, phase, for: time })
    })

  command('await-scrape', 'wait until Prometheus has read the metrics of these jobs')
    .argument('<jobs...>')
    .action(async (jobs: string[]) => (await import('./commands/running.ts')).awaitScrape(prometheusUrl, jobs))

  return program
}

/** `name` is that of make, where make passes the value on. */
function numberOption(flags: string, description: string, from: number, to: number, name = flags.split(' ')[0] ?? '') {
  return new Option(flags, description).argParser((text) => number(name, text, from, to))
}

function withApi(command: Command): Command {
  return command
    .option('--database <file>', "the API's database file")
    .option('--url <url>', 'its address, such as http://127.0.0.1:8080')
    .option('--user <name>', 'who logs in; the password is taken from LAB_PASSWORD or LAB_USERS')
}

/** The last line names the verdict: make turns every exit code that is not 0 into 2. */
function verdict(code: number): void {
  process.exitCode = code
  // In the stack there are results to be copied first: scripts/stack/experiment prints it.
  if (!LAB_SOCKET) console.log(`Verdict: ${['PASS', 'FAIL'][code] ?? 'INVALID'}`)
}

function socket(): string {
  if (LAB_SOCKET) return LAB_SOCKET
  throw new UserError('LAB_SOCKET is missing: it names the Unix socket of the running lab.')
}
