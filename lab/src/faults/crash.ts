import { now } from '../clock.ts'
import type { Fault } from './fault.ts'

/** Ends the API by kill -9; starts it again. */
export const crash: Fault = {
  engines: ['SQLite', 'PostgreSQL'],
  needs: { own: 'process', why: 'Docker holds its process.', command: 'make outage MODE=crash' },
  stops: 'process',
  feltBy: 'read',
  button: ['Kill the API', 'kill -9, while it works.'],
  story: ['The API is killed (kill -9)', 'The API is started again'],

  async inject({ api }) {
    return api ? api.kill() : now()
  },

  async rollback({ api }) {
    // Without it the process that had started the API has ended, and the API with it.
    if (api === undefined) return 'its API ended with it'
    await api.start()
    return 'the API was started again'
  },

  did: () => 'crash: kill -9 of the API.',
  hint: 'Is another API listening on its port?',
}

/** Ends the PostgreSQL server as a crash does (pg_ctl stop -m immediate); starts it again. */
export const serverCrash: Fault = {
  engines: ['PostgreSQL'],
  needs: { own: 'server', why: 'Docker holds its process.', command: 'make experiment NAME=server-crash EMBEDDED=1' },
  feltBy: 'read',
  button: ['Kill the server', 'PostgreSQL ends in the middle of its work.'],
  story: ['The PostgreSQL server is killed (server-crash)', 'The server is started again'],
  picture: ['gone', 'its server was killed'],

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
