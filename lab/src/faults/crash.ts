import { UserError } from '../errors.ts'
import type { Fault } from './fault.ts'

/** Ends the API by kill -9; starts it again. */
export const crash: Fault = {
  engines: ['SQLite', 'PostgreSQL'],
  needs: { own: 'process', why: 'Docker holds its process.', command: 'make outage MODE=crash' },
  kills: true,
  feltBy: 'read',
  button: ['Kill the API', 'kill -9, while it works.'],
  story: ['The API is killed (kill -9)', 'The API is started again'],
  picture: ['open', 'read and written'],

  check(_file, { api }) {
    if (api === undefined)
      throw new UserError('crash needs an API that the lab has started: run the experiment crash, which starts one.')
  },

  async inject({ api }) {
    if (api === undefined) throw new UserError('There is no API to kill.')
    return api.kill()
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
