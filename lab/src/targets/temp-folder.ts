import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { reasonOf, Skipped, UserError } from '../errors.ts'
import { largestMegabytes } from '../faults/fill.ts'

const neededBytes = 16 * 1024 * 1024

type TempFolder = { path: string; clear: () => Promise<void> }

/**
 * A shell program that removes a folder when its input ends: whatever ends the lab, the system closes the lab's end of the pipe.
 * An API that ends at the same time may still write into it, so a removal can fail.
 */
const janitor = `cat >/dev/null; umount -l "$0/data"; for i in 1 2 3 4 5; do rm -rf "$0" && exit; sleep 0.1; done`

/**
 * Makes a temporary folder for an API, with so many megabytes of a small file system for its data. It is gone after `clear`, and
 * soon after a kill -9 of this process. Throws a UserError when there is no place for one.
 */
export async function makeTempFolder(disk?: number): Promise<TempFolder> {
  const path = makeFolder()
  // In a process group of its own, which neither Ctrl-C nor a signal to the lab's group reaches.
  const child = spawn('sh', ['-c', janitor, path], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  child.unref()
  const ended = once(child, 'exit')
  // Without a shell the folder stays, and clear says why.
  ended.catch(() => {})
  const clear = async () => {
    child.ref()
    child.stdin.end()
    await ended
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
