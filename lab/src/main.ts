import { join } from 'node:path'
import { duration, number, oneOf, options } from './arguments.ts'
import { kinds } from './faults/fault.ts'
import { recover } from './faults/repair.ts'
import { Sentence } from './sentence.ts'
import { loadSlo } from './slo.ts'
import type { StackOptions } from './targets/stack.ts'

const root = join(import.meta.dirname, '..', '..')
const usualSlo = join(root, 'slo.json')
const usualFolder = join(root, 'runs')

const help = `The lab: takes a database away from an API, gives it back, and judges what happened.

  demo      the whole story without anything else: starts the API, loads it, takes
            its database away twice, and judges. Exit code 0 PASS, 1 FAIL, 2 INVALID.
              --seconds N     length of a load phase, 15; the other phases follow
              --slo FILE      the goals, slo.json
              --folder FOLDER where the run is kept, runs
  experiment NAME  one experiment: plays it, watches, judges. The same exit codes
              --seconds N     the length of the whole; without it as long as it should be
              --runs N        repeats: median and spread at the end
              --predict       asks first what you think will come out
              --guesses FILE  the same from a file: a JSON array of numbers
              --url URL       an API that runs already, or API_URL; without it one is
                              started. It needs --metrics URL, or API_METRICS_URL, and
                              --database and --user as below
              --load KIND     k6, or the lab's own; without it k6 for an API that runs
              --slo, --folder as above
  experiments their names and their questions
  report, anomalies  the page, or the graded detector, of a run: --run NAME, or the newest
  compare   two runs, or two lists of repeats with commas: --a NAME,... --b NAME,...
  index     brings runs/lab.db up to date with the folders beside it
  experiment-needs NAME  what the API must be started with, NAME=value, and "crash"
              when somebody must be able to kill it: for scripts
  outage    takes the database of a running API away until the time is over, Ctrl-C,
            or recover
              --database FILE the API's database file, or DATABASE_PATH
              --mode KIND     ${kinds.join(', ')}; without it chmod
              --for TIME      30s, 10m, 1h; without it 10m
              --url URL       API_URL, or http://127.0.0.1:8080
              --user NAME     the first of LAB_USERS, or demo; the password is taken
                              from LAB_PASSWORD or LAB_USERS
  recover   undoes the fault, whoever made it, even after kill -9
              --database FILE the same
  serve     the long-running lab of the stack: holds faults, watches the API from
            outside; where LAB_SOCKET is set, outage, recover and status ask it
              --database FILE, --url URL, --user NAME  as above
              --port N        its metrics, 8090; on --host ADDRESS, 127.0.0.1
              --prometheus-port N  what PROMETHEUS_URL shows, for reading, 9090
  status    what a running lab does and sees
  phase EXPERIMENT PHASE TIME   names on its metrics page what is being done
  await-scrape JOB...   returns when Prometheus has seen them all
  read-log  makes the API's log on standard input readable; --only outage
  help      this
`

const { LAB_SOCKET, API_URL = 'http://127.0.0.1:8080', PROMETHEUS_URL = 'http://127.0.0.1:9090' } = process.env
const noLab = 'LAB_SOCKET is missing: it names the socket of the running lab.'

const commands: Record<string, (args: string[], stop: AbortSignal) => Promise<number>> = {
  async demo(args, stop) {
    const { seconds = '15', slo = usualSlo, folder = usualFolder } = options(args, ['seconds', 'slo', 'folder'])
    checkPackages()
    const { runExperiment } = await import('./runner/run-experiment.ts')
    const factor = number('seconds', seconds, 1, 600) / 15
    return runExperiment({ name: 'demo', factor, runs: 1, predict: false, load: 'own', slo, folder, stop })
  },

  async experiment([name = '', ...args], stop) {
    const { checkName } = await import('./runner/experiment.ts')
    checkName(name)
    const names = ['seconds', 'runs', 'guesses', 'load', 'url', 'metrics', 'database', 'user', 'slo', 'folder']
    const given = options(args, names, ['predict'])
    const { seconds, runs = '1', guesses, slo = usualSlo, folder = usualFolder } = given
    const stack = stackOf(given)
    const load = oneOf('load', given.load ?? (stack ? 'k6' : 'own'), ['own', 'k6'])
    checkPackages()
    const { runExperiment } = await import('./runner/run-experiment.ts')
    return runExperiment({
      name,
      seconds: seconds === undefined ? undefined : number('seconds', seconds, 1, 3_600),
      runs: number('runs', runs, 1, 100),
      predict: given.predict !== undefined,
      stack,
      load,
      guesses,
      slo,
      folder,
      stop,
    })
  },

  async experiments() {
    const { experimentLines } = await import('./runner/list.ts')
    console.log(await experimentLines(loadSlo(usualSlo)))
    return 0
  },

  async 'experiment-needs'([name = '']) {
    const { needsOf } = await import('./runner/list.ts')
    for (const line of await needsOf(name, loadSlo(usualSlo))) console.log(line)
    return 0
  },

  report: aboutRuns('report'),
  compare: aboutRuns('compare'),
  anomalies: aboutRuns('anomalies'),
  index: aboutRuns('index'),

  async outage(args, stop) {
    const given = options(args, ['database', 'mode', 'for', 'url', 'user'])
    const { mode = 'chmod', for: time = '10m' } = given
    const kind = oneOf('mode', mode, kinds)
    const forMs = duration('for', time)
    if (LAB_SOCKET) return (await import('./commands/ask-lab.ts')).askForOutage(LAB_SOCKET, kind, time)
    const api = apiOf(given)
    checkPackages()
    const { outage } = await import('./commands/outage.ts')
    return outage({ ...api, kind, forMs, stop })
  },

  async recover(args) {
    const { database } = options(args, ['database'])
    if (LAB_SOCKET && database === undefined) {
      return (await import('./commands/ask-lab.ts')).askForRecovery(LAB_SOCKET)
    }
    console.log((await recover(databaseOf(database))) ?? 'Nothing to undo: no fault is on record.')
    return 0
  },

  async serve(args, stop) {
    const given = options(args, ['database', 'url', 'user', 'host', 'port', 'prometheus-port'])
    const { host = '127.0.0.1', port = '8090', 'prometheus-port': shown = '9090' } = given
    if (!LAB_SOCKET)
      throw new Sentence('LAB_SOCKET is missing: name the Unix socket on which commands are to be taken.')
    const { serve } = await import('./serve/serve.ts')
    return serve({
      ...apiOf(given),
      socket: LAB_SOCKET,
      host,
      port: number('port', port, 0, 65_535),
      prometheus: { url: PROMETHEUS_URL, port: number('prometheus-port', shown, 0, 65_535) },
      stop,
    })
  },

  async status(args) {
    options(args, [])
    if (!LAB_SOCKET) throw new Sentence(noLab)
    return (await import('./commands/ask-lab.ts')).askForStatus(LAB_SOCKET)
  },

  async phase(args) {
    const [experiment = '', phase = '', time = ''] = args
    if (!LAB_SOCKET) throw new Sentence(noLab)
    duration('time', time)
    return (await import('./commands/ask-lab.ts')).tellPhase(LAB_SOCKET, experiment, phase, time)
  },

  async 'await-scrape'(jobs) {
    return (await import('./commands/await-scrape.ts')).awaitScrape(PROMETHEUS_URL, jobs)
  },

  async 'read-log'(args) {
    const { only } = options(args, ['only'])
    if (only !== undefined) oneOf('only', only, ['outage'])
    return (await import('./commands/read-log.ts')).readLog(process.stdin, only === 'outage')
  },

  async help() {
    console.log(help)
    return 0
  },
}

function aboutRuns(name: string) {
  return async (args: string[]) => {
    checkPackages()
    const { runCommands } = await import('./commands/runs.ts')
    console.log(runCommands[name]?.(args, usualFolder))
    return 0
  }
}

/** The API to act on: its address, its database and who logs in there. */
function apiOf({ database, url = API_URL, user = firstUser() }: Record<string, string | undefined>) {
  if (!URL.canParse(url) || !url.startsWith('http'))
    throw new Sentence(`--url ${url}: give an address such as http://127.0.0.1:8080`)
  return { database: databaseOf(database), url, username: user, password: passwordOf(user) }
}

/** The API that an experiment is to use; undefined when it is to start its own. */
function stackOf(given: Record<string, string | undefined>): StackOptions | undefined {
  if (given.url === undefined && process.env.API_URL === undefined) return undefined
  const { metrics = process.env.API_METRICS_URL, ...rest } = given
  if (!metrics) throw new Sentence("Name the address of the API's metrics: --metrics URL, or API_METRICS_URL.")
  return {
    ...apiOf(rest),
    other: otherUser(rest.user),
    metricsUrl: metrics,
    socket: LAB_SOCKET,
    crashCommand: process.env.LAB_CRASH_COMMAND,
  }
}

function firstUser(): string {
  return process.env.LAB_USERS?.split(':')[0] || 'demo'
}

/** Another user than this one, where LAB_USERS names two. */
function otherUser(user = firstUser()): StackOptions['other'] {
  const entry = process.env.LAB_USERS?.split(',').find((one) => !one.startsWith(`${user}:`))
  const [username = '', ...password] = entry?.split(':') ?? []
  return username ? { username, password: password.join(':') } : undefined
}

function databaseOf(given = process.env.DATABASE_PATH): string {
  if (given) return given
  throw new Sentence("Name the API's database file: --database FILE, or DATABASE_PATH in the environment.")
}

function passwordOf(user: string): string {
  const { LAB_PASSWORD, LAB_USERS = '' } = process.env
  const entry = LAB_USERS.split(',').find((one) => one.startsWith(`${user}:`))
  const password = LAB_PASSWORD ?? entry?.slice(user.length + 1)
  if (password) return password
  throw new Sentence(
    `The password of ${user} is taken from the environment: LAB_PASSWORD=..., or LAB_USERS=${user}:...`,
  )
}

// Before the imports that need them: an unfinished installation deserves more than a stack trace.
function checkPackages(): void {
  for (const name of ['undici', 'better-sqlite3']) {
    try {
      import.meta.resolve(name)
    } catch {
      throw new Sentence(`The package ${name} is missing: run npm ci in the project's folder.`)
    }
  }
}

const codes: Record<string, number> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }
const stop = new AbortController()
let code: number | undefined

/** The first time everything is put right in order; whoever cannot wait asks twice, and only the fault is undone. */
function interrupt(signal: string): void {
  if (stop.signal.aborted) process.exit(codes[signal])
  code = codes[signal]
  stop.abort(new Sentence('Interrupted: everything is put back.'))
}
for (const signal of Object.keys(codes)) process.on(signal, () => interrupt(signal))
// Nobody reads any more (`| head`): the same as Ctrl-C.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', () => {
    if (!stop.signal.aborted) interrupt('SIGINT')
  })
}

// A fault of the program must not look like exit code 1, which means FAIL; leaving by exit() undoes what is active.
process.on('uncaughtException', (error) => {
  console.error(error)
  process.exit(2)
})

const [name = 'help', ...args] = process.argv.slice(2)
try {
  const command = commands[name.replace(/^--?/, '')]
  if (command === undefined) throw new Sentence(`${name}: the commands are ${Object.keys(commands).join(', ')}.`)
  const result = await command(args, stop.signal)
  process.exitCode = result
} catch (error) {
  console.error(error instanceof Sentence ? error.message : error)
  process.exitCode = code ?? 2
}
