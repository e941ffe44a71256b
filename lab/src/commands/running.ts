// Commands about an API, or a lab, that runs already.
import { askLab, openSession } from '../api-client.ts'
import { now, sleep } from '../clock.ts'
import { UserError } from '../errors.ts'
import type { FaultKind } from '../faults/all.ts'
import { clock, milliseconds } from '../report/html.ts'
import { begunWords, endedWords } from '../runner/outage.ts'
import { firstAfter, startProbe } from '../runner/probe.ts'
import type { Faults } from '../server/faults.ts'
import type { Outside } from '../server/outside.ts'

type Begin = Awaited<ReturnType<Faults['begin']>>
type End = Awaited<ReturnType<Faults['end']>>
type Status = { fault?: ReturnType<Faults['active']>; experiment: string; phase: string; outside: Outside }

const nothing = { experiment: 'none', phase: 'idle' }
const isLoad = (experiment: string) => ['k6', 'page'].includes(experiment)

/** Warns when an experiment or a load is running: the results of that and of what begins now will be mixed. */
export async function warnOfOthers(socket: string, exceptLoad = false): Promise<void> {
  // Without an answer nothing is known; the command itself will tell.
  const { experiment, phase } = await askLab<Status>(socket, 'GET', '/status').catch(() => nothing)
  if (experiment === 'none' || (exceptLoad && isLoad(experiment))) return
  const other = isLoad(experiment) ? `load of ${experiment}, ${phase},` : `experiment ${experiment}`
  console.log(`WARNING: the ${other} is running too: the results will be about both.`)
}

/** `outage` in the stack: the running lab holds the fault, this asks for it and prints what happened. */
export async function askForOutage(socket: string, mode: FaultKind, time: string): Promise<void> {
  await warnOfOthers(socket, true)
  const { begun, repaired } = await askLab<Begin>(socket, 'POST', '/outage', { mode, for: time })
  if (repaired) console.log(repaired)
  if (begun) {
    console.log(begunWords(begun))
    console.log(`It ends by itself at ${clock(begun.until)}, after ${time}, or at once by: make recover`)
  } else {
    const { fault } = await askLab<Status>(socket, 'GET', '/status')
    console.log(`The ${mode} outage is on already, until ${clock(fault?.until ?? Date.now())}: nothing was changed.`)
    console.log('To end it: make recover')
  }
}

export async function askForRecovery(socket: string): Promise<void> {
  const { ended, did } = await askLab<End>(socket, 'POST', '/recover')
  console.log(ended ? endedWords(ended) : (did ?? 'Nothing to undo: no fault is on record.'))
}

export async function askForStatus(socket: string): Promise<void> {
  const { fault, experiment, phase, outside } = await askLab<Status>(socket, 'GET', '/status')
  const { data, health, degraded } = outside
  const load = isLoad(experiment) ? `${experiment}, ${phase}` : "the experiment's"
  const seen = ({ status, seconds }: Outside['data']) =>
    status === 0 ? 'no answer' : `${status} in ${milliseconds(seconds * 1000)}`
  console.log(`fault       ${fault ? `${fault.kind}, until ${clock(fault.until)}; to end it: make recover` : 'none'}`)
  console.log(`experiment  ${experiment === 'none' || isLoad(experiment) ? 'none' : `${experiment}, phase ${phase}`}`)
  console.log(`load        ${experiment === 'none' ? 'none; try: make load-peak' : load}`)
  console.log('from outside, a moment ago')
  console.log(`  GET /data/notes  ${seen(data)}${data.status === 401 ? ', as the lab could not log in' : ''}`)
  console.log(`  GET /health      ${seen(health)}${degraded ? ', degraded' : ''}`)
}

const everyMs = 20
const failsWithinMs = 30_000
const backWithinMs = 60_000
// A service that answers once and fails again is not back.
const steadyMs = 1_000

type Downtime = { url: string; username: string; password: string; socket: string; fault?: 'crash'; stop: AbortSignal }

/**
 * Asks /health and a data request until something fails and both have answered again for a second; prints how long that took,
 * and has the lab note it as this fault.
 */
export async function downtime({ url, username, password, fault, socket, stop }: Downtime): Promise<void> {
  const session = openSession(url, username, password)
  const probe = startProbe(url, await session.token(), everyMs)
  const began = now()
  const failed = () => [...probe.health, ...probe.data].filter(({ status }) => status !== 200)
  /** The moment at which both were answered after the last failure; infinite while one of them was not. */
  const backAt = () => {
    const last = Math.max(...failed().map(({ done }) => done))
    const waits = [probe.health, probe.data].map((samples) => firstAfter(samples, last, ({ status }) => status === 200))
    return last + Math.max(...waits.map((wait) => wait ?? Number.POSITIVE_INFINITY))
  }
  try {
    // The caller reads this line and does then what makes the API fail.
    console.log('Watching the API from outside.')
    if (!(await within(failsWithinMs, () => failed().length > 0, stop)))
      return console.log(`No request failed in ${failsWithinMs / 1000} s.`)
    if (!(await within(backWithinMs, () => now() - backAt() > steadyMs, stop)))
      throw new UserError(`The API was not back within ${backWithinMs / 1000} s of its first failed request.`)
    const from = Math.min(...failed().map(({ at }) => at))
    console.log(`  first failed request  after ${milliseconds(from - began)}`)
    console.log(`  back                  ${milliseconds(backAt() - from)} later`)
    for (const [what, samples] of Object.entries({ '/data/notes': probe.data, '/health': probe.health })) {
      const count = samples.filter(({ status }) => status !== 200).length
      console.log(`  ${what.padEnd(20)}  ${count} of ${samples.length} requests failed`)
    }
    if (!fault) return
    const at = (moment: number) => Date.now() - now() + moment
    const begun = { did: 'The process of the API was killed', landed_ms: 0, degraded_ms: null }
    const ended = { did: 'Docker has started it again', success_ms: 0 }
    await askLab(socket, 'POST', '/fault', { kind: fault, at: at(from), begun })
    await askLab(socket, 'POST', '/fault', { kind: fault, at: at(backAt()), ended })
  } finally {
    await probe.stop()
    await session.pool.destroy()
  }
}

/** Asks again and again whether something is so; false when it was not in time. */
async function within(limitMs: number, isSo: () => boolean, stop: AbortSignal) {
  for (const deadline = now() + limitMs; now() < deadline; await sleep(everyMs, stop)) if (isSo()) return true
  return false
}
