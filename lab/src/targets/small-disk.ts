import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { UserError } from '../errors.ts'

/** Puts a small file system of its own (in memory) on a folder; a UserError with the reason where that cannot be had. */
export function mountSmallDisk(folder: string, megabytes: number): void {
  const skipped = `Skipped: the database would need a small file system of its own, and`
  if (process.platform !== 'linux') throw new UserError(`${skipped} only Linux mounts one on the fly.`)
  if (process.getuid?.() !== 0) throw new UserError(`${skipped} only root may mount one.`)
  mkdirSync(folder, { mode: 0o700 })
  const options = ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'systems-thinking-lab', folder]
  const { status, stderr, error } = spawnSync('mount', options, { encoding: 'utf8' })
  if (status !== 0) throw new UserError(`${skipped} it could not be mounted (${error?.message ?? stderr.trim()}).`)
}

/** Takes it away again; harmless where there is none. What still uses it keeps it until it ends. */
export function unmount(folder: string): void {
  spawnSync('umount', ['--lazy', folder], { stdio: 'ignore' })
}
