import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reasonOf, UserError } from '../errors.ts'
import { endProcess, isRunning, type ProcessId } from '../processes.ts'
import { unmount } from './small-disk.ts'

const prefix = 'systems-thinking-lab-'
const neededBytes = 32 * 1024 * 1024

/** Who uses a temporary folder: enough for somebody else to end and remove everything. */
export type Owner = { lab: ProcessId; api?: ProcessId; disk?: boolean }

/** Makes a temporary folder; a UserError when there is no place for one. */
export function makeFolder(owner: Owner): string {
  const place = tmpdir()
  try {
    const { bavail, bsize } = statfsSync(place)
    if (bavail * bsize < neededBytes) throw Object.assign(new Error(), { code: 'ENOSPC' })
    const folder = mkdtempSync(join(realpathSync(place), prefix))
    // The API gives up root's rights and must still get through to its own folder in here; the names stay unreadable.
    if (process.getuid?.() === 0) chmodSync(folder, 0o711)
    writeOwner(folder, owner)
    return folder
  } catch (error) {
    throw new UserError(
      `The temporary folder ${place} cannot be used (${reasonOf(error)}): make room there (32 MB), or name another one: TMPDIR=/some/folder`,
    )
  }
}

export function writeOwner(folder: string, owner: Owner): void {
  const draft = join(folder, 'owner.json.tmp')
  writeFileSync(draft, JSON.stringify(owner), { mode: 0o600 })
  renameSync(draft, join(folder, 'owner.json'))
}

function readOwner(folder: string): Partial<Owner> | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8'))
  } catch {
    return undefined
  }
}

/** Ends the API that lives in a temporary folder, politely first, and removes the folder. */
export async function clearFolder(folder: string): Promise<void> {
  const { api, disk } = readOwner(folder) ?? {}
  if (api) await endProcess(api, 6_000)
  if (disk) unmount(join(folder, 'data'))
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}

/** Clears the folders of runs that were killed together with their janitor; gives how many there were. */
export async function sweepFolders(): Promise<number> {
  const place = tmpdir()
  let swept = 0
  for (const name of readdirSync(place).filter((one) => one.startsWith(prefix))) {
    const folder = join(place, name)
    if (!isStale(folder)) continue
    await clearFolder(folder)
    swept++
  }
  return swept
}

function isStale(folder: string): boolean {
  const stat = lstatSync(folder, { throwIfNoEntry: false })
  // Others may write to the temporary folder too: only what this user made is believed, and removed.
  if (!stat?.isDirectory() || stat.uid !== process.getuid?.()) return false
  const owner = readOwner(folder)
  // Another version of this program may write something else there: what is not understood is left alone.
  if (owner) return owner.lab !== undefined && !isRunning(owner.lab)
  return Date.now() - stat.mtimeMs > 60_000
}
