import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { now, sleep } from './clock.ts'
import { reasonOf, UserError } from './errors.ts'

/** A process by its number and its start: the number alone may belong to a stranger by now. */
export type ProcessId = { pid: number; started: string }

/** The living process with this number; undefined when there is none (a zombie counts as gone). */
export function identify(pid: number): ProcessId | undefined {
  try {
    const started = process.platform === 'linux' ? startOnLinux(pid) : startByPs(pid)
    return started === undefined ? undefined : { pid, started }
  } catch {
    return undefined
  }
}

function startOnLinux(pid: number): string | undefined {
  // The name in parentheses may hold spaces and parentheses itself, so the fields are counted behind the last one.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined
  // Start times count from boot: without the boot's own name they could repeat after a restart of the machine.
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return `${boot}:${fields[19]}`
}

function startByPs(pid: number): string | undefined {
  const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim()
  return line === '' || line.startsWith('Z') ? undefined : line.slice(line.indexOf(' ')).trim()
}

/** This process. */
export function self(): ProcessId {
  return identify(process.pid) ?? { pid: process.pid, started: 'unknown' }
}

export function isRunning(id: ProcessId): boolean {
  return identify(id.pid)?.started === id.started
}

/** Whether a process is one of this lab's, where the system tells its command line. */
export function isLab(pid: number): boolean {
  if (process.platform !== 'linux') return true
  try {
    return /lab\/(src|test)\//.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
  } catch {
    return false
  }
}

/** Sends a signal to exactly this process; false when it is gone already. A UserError when it belongs to another user. */
export function signalTo(id: ProcessId, signal: NodeJS.Signals): boolean {
  if (!isRunning(id)) return false
  try {
    process.kill(id.pid, signal)
    return true
  } catch (error) {
    if (reasonOf(error) === 'ESRCH') return false
    throw new UserError(`Process ${id.pid} may not be ended (${reasonOf(error)}): it belongs to another user.`)
  }
}

/** Waits until the process is gone; false when it still runs after so many milliseconds. */
export async function gone(id: ProcessId, withinMs: number): Promise<boolean> {
  const deadline = now() + withinMs
  while (isRunning(id)) {
    if (now() > deadline) return false
    await sleep(5)
  }
  return true
}

/** SIGTERM, then SIGKILL after the grace time. */
export async function endProcess(id: ProcessId, graceMs: number): Promise<void> {
  if (!signalTo(id, 'SIGTERM') || (await gone(id, graceMs))) return
  signalTo(id, 'SIGKILL')
  await gone(id, 1_000)
}
