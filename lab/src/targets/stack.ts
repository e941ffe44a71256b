import { closeSync, openSync, readSync } from 'node:fs'
import { now, sleep } from '../clock.ts'
import { reasonOf, UserError } from '../errors.ts'
import { faults } from '../faults/all.ts'
import { databasePath, look } from '../faults/fault.ts'
import { recoverLeftovers } from '../faults/recover.ts'
import type { Experiment } from '../runner/experiment.ts'
import { say } from '../runner/screen.ts'
import { askLab } from '../server/ask.ts'
import { addressesLent } from './addresses.ts'
import { changerOf, type Hand } from './hand.ts'
import type { Target } from './target.ts'

/** An API that runs already, and that somebody else starts and ends. */
export type StackOptions = {
  url: string
  metricsUrl: string
  database: string
  username: string
  password: string
  other?: Target['other']
  /** Everybody who may log in, as name:password,name:password. */
  users: string
  /** Without one there are no crashes and no other users. */
  hand?: Hand
  /** The first port of `lab lend-addresses` beside the API, where that runs. */
  lentPort?: number
  /** The long-running lab's socket: it names on its metrics page what is being done. */
  socket?: string
}

/** The target of an experiment in the stack; a UserError when the experiment needs what cannot be had there. */
export async function openStack(name: string, experiment: Experiment, options: StackOptions): Promise<Target> {
  const { url, metricsUrl, username, password, hand, lentPort, socket } = options
  const database = databasePath(options.database)
  const repaired = await recoverLeftovers(database)
  if (repaired) say(repaired)
  const journalMode = journalModeOf(database)
  refuseWhatCannotBe(name, experiment, database, journalMode, hand)
  const other = options.other && { ...options.other }
  const changer = hand && other && changerOf(other, options.users, hand)
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
    changeOther: changer?.change,
    async crash(_, signal) {
      // The command reaches the API by a detour; the crash began when nobody answered any more.
      const [at] = await Promise.all([health(url, false, signal), hand?.('crash')])
      await health(url, true, signal)
      return at
    },
    entered: (phase, seconds) => tell('/phase', { experiment: name, phase, for: `${Math.max(1, seconds)}s` }),
    attacked: (attack, tally) => tell('/attempts', { attack, ...tally }),
    stop: async () => changer?.putBack(),
  }
}

/** The moment (clock.ts) at which /health was asked first that it answered, or did not; a UserError after half a minute. */
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
  throw new UserError(answers ? 'The API was not started again.' : 'The API was to be killed and still answers.')
}

function refuseWhatCannotBe(
  name: string,
  { settings = {}, disk, faults: timeline = [] }: Experiment,
  database: string,
  journalMode: string,
  hand?: Hand,
): void {
  const env: NodeJS.ProcessEnv = { ...process.env, JOURNAL_MODE: journalMode }
  for (const [setting, value] of Object.entries(settings)) {
    if (env[setting] === value) continue
    throw new UserError(
      `Skipped: ${name} needs an API with ${setting}=${value}. Start the stack so (${setting}=${value} make up), or run it without the stack: EMBEDDED=1`,
    )
  }
  if (timeline.some(({ kind }) => kind === 'crash') && !hand)
    throw new UserError(`Skipped: ${name} needs somebody who may kill the API. Run it without the stack: EMBEDDED=1`)
  const file = look(database)
  if (disk !== undefined && file) {
    try {
      faults.fill.check(file)
    } catch (error) {
      throw new UserError(`Skipped: ${reasonOf(error)} Run it without the stack: EMBEDDED=1`)
    }
  }
}

/** As it stands in the file: byte 18 of a database is 2 in WAL mode. A UserError when the file cannot be read. */
function journalModeOf(database: string): 'delete' | 'wal' {
  try {
    const file = openSync(database, 'r')
    const header = Buffer.alloc(20)
    readSync(file, header)
    closeSync(file)
    return header[18] === 2 ? 'wal' : 'delete'
  } catch (error) {
    throw new UserError(`The database file ${database} cannot be read (${reasonOf(error)}).`)
  }
}
