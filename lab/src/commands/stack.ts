import { duration, number, oneOf, options } from '../arguments.ts'
import { apiOf, LAB_SOCKET } from '../environment.ts'
import { UserError } from '../errors.ts'
import type { Command } from './command.ts'

const { PROMETHEUS_URL = 'http://127.0.0.1:9090' } = process.env
const noLab = 'LAB_SOCKET is missing: it names the socket of the running lab.'

/** What only the stack needs: the long-running lab, and the small questions that its scripts ask. */
export const stackCommands: Record<string, Command> = {
  async serve(args, stop) {
    const given = options(args, ['database', 'url', 'user', 'host', 'port', 'prometheus-port'])
    const { host = '127.0.0.1', port = '8090', 'prometheus-port': shown = '9090' } = given
    if (!LAB_SOCKET)
      throw new UserError('LAB_SOCKET is missing: name the Unix socket on which commands are to be taken.')
    const { serve } = await import('../server/server.ts')
    return serve({
      ...apiOf(given),
      socket: LAB_SOCKET,
      host,
      port: number('port', port, 0, 65_535),
      prometheus: { url: PROMETHEUS_URL, port: number('prometheus-port', shown, 0, 65_535) },
      stop,
    })
  },

  async status(args) {
    options(args, [])
    if (!LAB_SOCKET) throw new UserError(noLab)
    return (await import('./ask-lab.ts')).askForStatus(LAB_SOCKET)
  },

  async phase(args) {
    const [experiment = '', phase = '', time = ''] = args
    if (!LAB_SOCKET) throw new UserError(noLab)
    duration('time', time)
    return (await import('./ask-lab.ts')).tellPhase(LAB_SOCKET, experiment, phase, time)
  },

  async 'await-scrape'(jobs) {
    return (await import('./await-scrape.ts')).awaitScrape(PROMETHEUS_URL, jobs)
  },

  async 'read-log'(args) {
    const { only } = options(args, ['only'])
    if (only !== undefined) oneOf('only', only, ['outage'])
    return (await import('./read-log.ts')).readLog(process.stdin, only === 'outage')
  },
}
