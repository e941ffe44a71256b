import { readdirSync, readFileSync } from 'node:fs'
import { open, unlink } from 'node:fs/promises'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { now } from '../clock.ts'

/** What a reader of figures has to know of the machine. */
export function thisMachine() {
  return {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpus: { count: availableParallelism(), model: cpus()[0]?.model ?? 'unknown' },
    memory_bytes: totalmem(),
  }
}

/** One look at this machine, moments of clock.ts: was it too busy to measure on? */
export type MachineSample = { from: number; to: number; busy: boolean }

const everyMs = 200

/**
 * The longest wait in which a machine is not busy. For a processor, as a share of the time, measured on two cores during the
 * demo: with the processors for itself a process waited for 0.5 % of the time and never for more than 13 %, beside ten
 * other programs for 70 %. It counts only when other programs use half a processor or more: an API whose own threads keep each
 * other waiting is slow by itself. `pressure`: the share in which any process of the machine waited. `diskMs`: to write one block.
 */
const most = { processor: 0.2, others: 0.5, pressure: 0.6, diskMs: 50 }

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
  // The stack's API is no child of the lab: its CPU time cannot be separated from that of other programs.
  const read = () => ({ at: now(), own: ownTimes(), all: allUsed(), pressure: ownApi ? undefined : pressure() })
  let last = read()
  const look = () => {
    const next = read()
    const [from, to] = [last.at, next.at]
    const rises = [...(next.own ?? [])].map(([pid, is]) => {
      const was = last.own?.get(pid) ?? is
      return { waited: is.waited - was.waited, used: is.used - was.used }
    })
    // Where Linux does not count the waits, a late timer is the only sign.
    const waited = next.own ? Math.max(...rises.map((one) => one.waited)) : to - from - everyMs
    const others = next.all - last.all - rises.reduce((sum, { used }) => sum + used, 0)
    const isByOthers = !ownApi || !next.own || others > most.others * (to - from)
    const pressed = (next.pressure ?? 0) - (last.pressure ?? 0)
    const isWaiting = waited > most.processor * (to - from)
    samples.push({ from, to, busy: (isWaiting && isByOthers) || pressed > most.pressure * (to - from) })
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

type Times = { waited: number; used: number }

/**
 * Of this process and its children, in milliseconds: for how long the main thread has waited for a processor, and how long all
 * threads have used one; undefined where Linux does not count them.
 */
function ownTimes(): Map<number, Times> | undefined {
  try {
    const children = readdirSync('/proc/self/task').flatMap((task) =>
      readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').map(Number).filter(Boolean),
    )
    return new Map([process.pid, ...children].map((pid) => [pid, timesOf(pid)]))
  } catch {
    return undefined
  }
}

/** Linux counts the use of processors in hundredths of a second. */
const tickMs = 10

function timesOf(pid: number): Times {
  const waited = Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6
  // Behind the name, which may hold any character.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return { waited, used: tickMs * (Number(fields[11]) + Number(fields[12])) }
}

/** Milliseconds for which all programs have used the processors of this machine; what a host took from it is among them. */
function allUsed(): number {
  try {
    const [user = 0, nice = 0, system = 0, , , ...interrupts] =
      /^cpu +(.*)/.exec(readFileSync('/proc/stat', 'utf8'))?.[1]?.split(' ').map(Number) ?? []
    return tickMs * interrupts.slice(0, 3).reduce((sum, one) => sum + one, user + nice + system)
  } catch {
    return 0
  }
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
