import { accessSync, chownSync, constants, lchownSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ConfigError } from './config.ts'

const nobody = 65534

/**
 * Root may do everything, so permissions would teach nothing: a process started as root becomes, for good, the owner of
 * the database's folder, or `nobody`, who is given the folder. Makes the folder if only its last part is missing.
 * Throws an error whose message says what to do.
 */
export function prepareFolder(databasePath: string) {
  const folder = dirname(databasePath)
  try {
    mkdirSync(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT')
      throw new ConfigError([`DATABASE_PATH: there is no folder ${dirname(folder)}; make it first`])
    if (code === 'ENOTDIR') throw new ConfigError([`DATABASE_PATH: ${dirname(folder)} is not a folder`])
    if (code !== 'EEXIST')
      throw new ConfigError([`DATABASE_PATH: the folder ${folder} cannot be made (${code}); make it first`])
  }
  const stats = statSync(folder, { throwIfNoEntry: false })
  if (!stats?.isDirectory()) throw new ConfigError([`DATABASE_PATH: ${folder} is not a folder`])
  process.umask(0o077) // password hashes and notes are nobody else's business
  if (process.getuid?.() === 0) becomeUser(databasePath, stats.uid || nobody, stats.gid || nobody)
  try {
    // Only the way to the folder: whether the folder itself can be used is the gate's question, and may change.
    accessSync(dirname(folder), constants.X_OK)
  } catch {
    const who = process.getuid?.() ?? 'this user'
    throw new ConfigError([
      `DATABASE_PATH: user ${who} cannot reach the folder ${folder}. Choose one outside private folders such as /root, ` +
        `for example: DATABASE_PATH=/var/lib/notes/notes.db`,
    ])
  }
}

function becomeUser(databasePath: string, uid: number, gid: number) {
  const folder = dirname(databasePath)
  const names = readdirSync(folder)
  const stranger = names.find((name) => !name.startsWith(basename(databasePath)))
  if (uid === nobody && stranger) {
    throw new ConfigError([
      `DATABASE_PATH: started as root, this program gives the database's folder to an unprivileged user, but ${folder} ` +
        `belongs to root and holds ${stranger} too. Give the database a folder of its own, or start as another user`,
    ])
  }
  if (uid === nobody) chownSync(folder, uid, gid)
  for (const name of names) if (name.startsWith(basename(databasePath))) lchownSync(join(folder, name), uid, gid)
  process.setgroups?.([])
  process.setgid?.(gid)
  process.setuid?.(uid)
}
