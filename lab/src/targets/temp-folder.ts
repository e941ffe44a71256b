import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, statfsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { reasonOf, Skipped, UserError } from '../errors.ts'
import { largestMegabytes } from '../faults/fill.ts'

const neededBytes = 16 * 1024 * 1024

export type TempFolder = {
  path: string
  clear: () => Promise<void>
}

/**
 * Makes a temporary folder for an API, with so many megabytes of a small file system for its data. `clear` removes it, and so
 * does the janitor when this process is killed. Throws a UserError when there is no place for one.
 */
export async function makeTempFolder(disk?: number): Promise<TempFolder> {
  const path = makeFolder()
  const janitor = callJanitor(path)
  const clear = async () => {
    await clearFolder(path)
    janitor.end()
  }
  try {
    if (disk !== undefined) needSmallDisk(join(path, 'data'), disk)
  } catch (error) {
    await clear()
    throw error
  }
  return { path, clear }
}

function makeFolder(): string {
  const place = tmpdir()
  try {
    const { bavail, bsize } = statfsSync(place)
    if (bavail * bsize < neededBytes) throw Object.assign(new Error(), { code: 'ENOSPC' })
    const folder = mkdtempSync(join(realpathSync(place), 'systems-thinking-lab-'))
    // The API of a lab that runs as root is another user, who must reach its own folder in here.
    if (process.getuid?.() === 0) chmodSync(folder, 0o711)
    return folder
  } catch (error) {
    throw new UserError(
      `The temporary folder ${place} cannot be used (${reasonOf(error)}): make room there (16 MB), or name another one: TMPDIR=/some/folder`,
    )
  }
}

async function clearFolder(folder: string): Promise<void> {
  // Harmless where nothing is mounted. A process that still uses the file system keeps it until it ends.
  spawnSync('umount', ['--lazy', join(folder, 'data')], { stdio: 'ignore' })
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}

/** Starts the process that clears the folder when its input ends, and returns that input. */
function callJanitor(folder: string): Writable {
  const janitor = spawn(process.execPath, [import.meta.filename, folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // In a process group of its own, which neither Ctrl-C nor a signal to the lab's group reaches.
    detached: true,
  })
  // Without a janitor a killed lab leaves its folder.
  janitor.on('error', () => {})
  janitor.stdin.on('error', () => {})
  janitor.unref()
  return janitor.stdin
}

/** Makes sure that a folder lies on a small file system. Mounts one in memory unless it does already. */
function needSmallDisk(folder: string, megabytes: number): void {
  const { blocks, bsize } = statfsSync(dirname(folder))
  // In a container the temporary folder is such a file system.
  if (blocks * bsize <= largestMegabytes * 1024 * 1024) return
  const skipped = 'Skipped: the database would need a small file system of its own, and'
  if (process.platform !== 'linux') throw new Skipped(`${skipped} only Linux mounts one on the fly.`)
  if (process.getuid?.() !== 0) throw new Skipped(`${skipped} only root may mount one.`)
  mkdirSync(folder, { mode: 0o700 })
  const options = ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'systems-thinking-lab', folder]
  const { status, stderr, error } = spawnSync('mount', options, { encoding: 'utf8' })
  if (status !== 0) throw new Skipped(`${skipped} it could not be mounted (${error?.message ?? stderr.trim()}).`)
}

// As a program this file is the janitor. It outlives the lab, even after kill -9: whatever ended the lab, the system closes its
// end of the pipe.
if (import.meta.main) {
  await text(process.stdin)
  await clearFolder(String(process.argv[2]))
}
