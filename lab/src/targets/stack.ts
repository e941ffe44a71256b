import { spawn } from 'node:child_process'
import { closeSync, openSync, readSync } from 'node:fs'
import { now, sleep } from '../clock.ts'
import { faults } from '../faults/all.ts'
import { databasePath, look } from '../faults/fault.ts'
import { repair } from '../faults/repair.ts'
import type { Experiment } from '../runner/experiment.ts'
import { say } from '../runner/screen.ts'
import { reasonOf, Sentence } from '../sentence.ts'
import { askLab } from '../serve/ask.ts'
import { addressesLent } from './addresses.ts'
import type { Target } from './target.ts'

/** An API that runs already, and that somebody else starts and ends. */
export type StackOptions = {
  url: string
  metricsUrl: string
  database: string
  username: string
  password: string
  other?: Target['other']
  /** A command that ends the API by kill -9 and returns once it has; without one there are no crashes. */
  crashCommand?: string
  /** The first port of `lab lend-addresses` beside the API, where that runs. */
  lentPort?: number
  /** The long-running lab's socket: it names on its metrics page what is being done. */
  socket?: string
}

/** The target of an experiment in the stack; a Sentence when the experiment needs what cannot be had there. */
export async function openStack(name: string, experiment: Experiment, options: StackOptions): Promise<Target> {
  const { url, metricsUrl, username, password, other, crashCommand, lentPort, socket } = options
  const database = databasePath(options.database)
  const repaired = await repair(database)
  if (repaired) say(repaired)
  const journalMode = journalModeOf(database)
  refuseWhatCannotBe(name, experiment, database, journalMode, crashCommand)
  // It is for the dashboards only: nothing depends on it.
  const tell = (path: string, body: object) => {
    if (socket) askLab(socket, 'POST', path, body).catch(() => {})
  }
  return {
    mode: 'stack',
    url,
    metricsUrl,
    database,
    username,
    password,
    other,
    addresses: lentPort ? addressesLent(url, lentPort) : [],
    journalMode,
    ended: new Promise(() => {}),
    async crash(downMs, signal) {
      // The command reaches the API by a detour; the crash began when nobody answered any more.
      const [at] = await Promise.all([
        health(url, false, signal),
        run(crashCommand ?? 'false', { DOWN_MS: String(downMs) }),
      ])
      await health(url, true, signal)
      return at
    },
    entered: (phase, seconds) => tell('/phase', { experiment: name, phase, for: `${Math.max(1, seconds)}s` }),
    attacked: (attack, tally) => tell('/attempts', { attack, ...tally }),
    stop: async () => {},
  }
}

/** The moment (clock.ts) at which /health was asked first that it answered, or did not; a Sentence after half a minute. */
async function health(url: string, answers: boolean, signal: AbortSignal): Promise<number> {
  const deadline = now() + 30_000
  while (now() < deadline) {
    const at = now()
    const answered = await fetch(`${url}/health`).then(
      () => true,
      () => false,
    )
    if (answered === answers) return at
    await sleep(5, signal)
  }
  throw new Sentence(answers ? 'The API was not started again.' : 'The API was to be killed and still answers.')
}

function refuseWhatCannotBe(
  name: string,
  { settings = {}, disk, faults: timeline = [] }: Experiment,
  database: string,
  journalMode: string,
  crashCommand?: string,
): void {
  const env: NodeJS.ProcessEnv = { ...process.env, JOURNAL_MODE: journalMode }
  for (const [setting, value] of Object.entries(settings)) {
    if (env[setting] === value) continue
    throw new Sentence(
      `Skipped: ${name} needs an API with ${setting}=${value}. Start the stack so (${setting}=${value} make up), or run it without the stack: EMBEDDED=1`,
    )
  }
  if (timeline.some(({ kind }) => kind === 'crash') && !crashCommand)
    throw new Sentence(`Skipped: ${name} needs somebody who may kill the API. Run it without the stack: EMBEDDED=1`)
  const file = look(database)
  if (disk !== undefined && file) {
    try {
      faults.fill.check(file)
    } catch (error) {
      throw new Sentence(`Skipped: ${reasonOf(error)} Run it without the stack: EMBEDDED=1`)
    }
  }
}

/** As it stands in the file: byte 18 of a database is 2 in WAL mode. A Sentence when the file cannot be read. */
function journalModeOf(database: string): 'delete' | 'wal' {
  try {
    const file = openSync(database, 'r')
    const header = Buffer.alloc(20)
    readSync(file, header)
    closeSync(file)
    return header[18] === 2 ? 'wal' : 'delete'
  } catch (error) {
    throw new Sentence(`The database file ${database} cannot be read (${reasonOf(error)}).`)
  }
}

function run(command: string, env: Record<string, string>): Promise<void> {
  const child = spawn('sh', ['-c', command], { stdio: 'inherit', env: { ...process.env, ...env } })
  return new Promise((resolve, reject) => {
    child.once('close', (code) => {
      if (code === 0) resolve()
      else reject(new Sentence(`The API could not be killed: "${command}" ended with ${code}.`))
    })
  })
}
