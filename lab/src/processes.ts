import { execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { now, sleep } from './clock.ts'
import { reasonOf, UserError } from './errors.ts'

/** A process by its number and its start: the system may have given the number alone to another process. */
export type ProcessId = { pid: number; started: string }

/** The running process with this number; undefined when there is none (a zombie counts as gone). */
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
  // Start times count from boot: without the id of the boot they could repeat after a restart of the machine.
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

/** Sends a signal to exactly this process. Returns false when it is gone; throws a UserError when another user owns it. */
export function signalTo(id: ProcessId, signal: NodeJS.Signals): boolean {
  if (!isRunning(id)) return false
  try {
    process.kill(id.pid, signal)
    return true
  } catch (error) {
    if (reasonOf(error) === 'ESRCH') return false
    throw new UserError(`Process ${id.pid} cannot be ended (${reasonOf(error)}): it belongs to another user.`)
  }
}

/** Waits until the process is gone. Returns false when it still runs after `withinMs`. */
export async function gone(id: ProcessId, withinMs: number): Promise<boolean> {
  const deadline = now() + withinMs
  while (isRunning(id)) {
    if (now() > deadline) return false
    await sleep(5)
  }
  return true
}

/** Opens a file or a link where there is a desktop. Harmless where there is none: its name stands in the terminal. */
export function openOnDesktop(target: string): void {
  const { platform, env } = process
  const hasDesktop = platform === 'darwin' || env.DISPLAY || env.WAYLAND_DISPLAY
  if (!process.stdout.isTTY || !hasDesktop) return
  const child = spawn(platform === 'darwin' ? 'open' : 'xdg-open', [target], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}
