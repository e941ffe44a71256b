import { now } from '../clock.ts'
import { UserError } from '../errors.ts'
import type { Fault } from './fault.ts'

/** Ends the PostgreSQL server as a crash does (pg_ctl stop -m immediate); starts it again. */
export const serverCrash: Fault = {
  engines: ['PostgreSQL'],
  needs: { own: 'server', why: 'Docker holds its process.', command: 'make experiment NAME=server-crash EMBEDDED=1' },
  feltBy: 'read',
  button: ['Kill the server', 'PostgreSQL ends in the middle of its work.'],
  story: ['The PostgreSQL server is killed (server-crash)', 'The server is started again'],
  picture: ['gone', 'its server was killed'],

  check(_file, { ownServer }) {
    if (ownServer === undefined)
      throw new UserError(
        'server-crash needs a PostgreSQL server that the lab has started: run the experiment server-crash, which starts one.',
      )
  },

  async inject({ ownServer }) {
    const at = now()
    await ownServer?.stop('immediate')
    return at
  },

  async rollback({ ownServer }) {
    // Without it the process that had started the server has ended, and the server ends by itself.
    if (ownServer === undefined) return 'its server ends with it'
    await ownServer.start()
    return 'the server was started again'
  },

  did: () => 'server-crash: the PostgreSQL server was ended at once, as pg_ctl stop -m immediate does.',
  hint: 'Does the API use another server?',
}
