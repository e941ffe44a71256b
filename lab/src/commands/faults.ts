import { duration, oneOf, options } from '../arguments.ts'
import { apiOf, checkPackages, databaseOf, LAB_SOCKET } from '../environment.ts'
import { kinds } from '../faults/fault.ts'
import { recover } from '../faults/recover.ts'
import type { Command } from './command.ts'

/** Where a lab is running it holds the fault; elsewhere the command itself does. */
export const faultCommands: Record<string, Command> = {
  async outage(args, stop) {
    const given = options(args, ['database', 'mode', 'for', 'url', 'user'])
    const { mode = 'chmod', for: time = '10m' } = given
    const kind = oneOf('mode', mode, kinds)
    const forMs = duration('for', time)
    if (LAB_SOCKET) return (await import('./ask-lab.ts')).askForOutage(LAB_SOCKET, kind, time)
    const api = apiOf(given)
    checkPackages()
    const { outage } = await import('./outage.ts')
    return outage({ ...api, kind, forMs, stop })
  },

  async recover(args) {
    const { database } = options(args, ['database'])
    if (LAB_SOCKET && database === undefined) {
      return (await import('./ask-lab.ts')).askForRecovery(LAB_SOCKET)
    }
    console.log((await recover(databaseOf(database))) ?? 'Nothing to undo: no fault is on record.')
    return 0
  },
}
