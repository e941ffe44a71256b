import { accessSync, constants, mkdirSync, statfsSync } from 'node:fs'
import { reasonOf, UserError } from '../errors.ts'

const neededBytes = 8 * 1024 * 1024

/** Says before anything is measured whether the result could be kept. */
export function checkRunsFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK | constants.X_OK)
    const { bavail, bsize } = statfsSync(folder)
    if (bavail * bsize < neededBytes) throw Object.assign(new Error(), { code: 'ENOSPC' })
  } catch (error) {
    throw new UserError(
      `The folder ${folder} cannot be written (${reasonOf(error)}): what a run leaves goes there. Make room there (8 MB), or name another one: --folder FOLDER`,
    )
  }
}
