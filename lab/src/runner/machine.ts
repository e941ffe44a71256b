import { readdirSync, readFileSync } from 'node:fs'
import { open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { now } from '../clock.ts'

/** One look at this machine, moments of clock.ts: was it too busy to measure on? */
export type MachineSample = { from: number; to: number; busy: boolean }

const everyMs = 200

/**
 * The longest wait in which a machine is not busy. For a processor, as a share of the time, measured on two cores during the
 * demo: with the processors for itself a process waited for 0.5 % of the time and never for more than 13 %, beside ten
 * other programs for 70 %. `pressure`: the share in which any process of the machine waited. `diskMs`: to write one block.
 */
const most = { processor: 0.2, pressure: 0.6, diskMs: 50 }

/** A single busy moment spoils no phase: this share of its time does, and more than one look at the machine. */
const [busyShare, busyLooks] = [0.05, 2]

export function isBusy(samples: MachineSample[], from: number, to: number): boolean {
  const busy = samples.filter((one) => one.busy && one.to > from && one.from < to)
  return busy.length >= busyLooks && busy.reduce((sum, one) => sum + one.to - one.from, 0) >= busyShare * (to - from)
}

/**
 * Watches until stopped; `folder` lies on the disk of the database. An API that is no child of this process can only be
 * watched by the pressure on the whole machine.
 */
export function watchMachine(folder: string, ownApi: boolean): { samples: MachineSample[]; stop: () => void } {
  const samples: MachineSample[] = []
  const end = new AbortController()
  const read = () => ({ at: now(), waits: waits(), pressure: ownApi ? undefined : pressure() })
  let last = read()
  const look = () => {
    const next = read()
    const [from, to] = [last.at, next.at]
    const rises = [...(next.waits ?? [])].map(([pid, waited]) => waited - (last.waits?.get(pid) ?? waited))
    // Where Linux does not count the waits, a late timer is the only sign.
    const waited = next.waits ? Math.max(...rises) : to - from - everyMs
    const pressed = (next.pressure ?? 0) - (last.pressure ?? 0)
    samples.push({ from, to, busy: waited > most.processor * (to - from) || pressed > most.pressure * (to - from) })
    last = next
  }
  const timer = setInterval(look, everyMs)
  // A folder that the lab may not write to, or a disk that is full on purpose: then only the processor is watched.
  watchDisk(folder, samples, end.signal).catch(() => {})
  const stop = () => {
    clearInterval(timer)
    end.abort()
  }
  return { samples, stop }
}

/** Milliseconds that the main threads of this process and its children have waited for a processor; undefined where Linux does not count them. */
function waits(): Map<number, number> | undefined {
  try {
    const children = readdirSync('/proc/self/task').flatMap((task) =>
      readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').map(Number).filter(Boolean),
    )
    return new Map([process.pid, ...children].map((pid) => [pid, waitOf(pid)]))
  } catch {
    return undefined
  }
}

function waitOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6
}

/** Milliseconds in which some process of this machine waited for a processor; undefined where Linux does not count them. */
function pressure(): number | undefined {
  try {
    return Number(/^some .*total=(\d+)/.exec(readFileSync('/proc/pressure/cpu', 'utf8'))?.[1]) / 1000
  } catch {
    return undefined
  }
}

async function watchDisk(folder: string, samples: MachineSample[], signal: AbortSignal): Promise<void> {
  const path = join(folder, `.disk-${process.pid}`)
  const file = await open(path, 'wx')
  try {
    // Without a name the file is gone however this process ends.
    await unlink(path)
    const block = Buffer.alloc(4096)
    while (!signal.aborted) {
      const from = now()
      await file.write(block, 0, block.length, 0)
      await file.datasync()
      const to = now()
      samples.push({ from, to, busy: to - from > most.diskMs })
      await sleep(everyMs, undefined, { signal })
    }
  } finally {
    await file.close()
  }
}
