import { UserError } from '../errors.ts'
import type { Fault } from './fault.ts'

/** Ends the API by kill -9; starts it again. */
export const crash: Fault = {
  check(_file, { api }) {
    if (api === undefined)
      throw new UserError('crash needs an API that the lab has started: run the experiment crash, which starts one.')
  },

  async inject({ api }) {
    if (api === undefined) throw new UserError('There is no API to kill.')
    return api.kill()
  },

  feltBy: 'read',
  feltAs: 0,
  // Only the lab can start this API again.
  holds: () => true,

  async rollback({ api }) {
    // Without it the process that had started the API has ended, and the API with it.
    if (api === undefined) return 'its API ended with it'
    await api.start()
    return 'the API was started again'
  },

  did: () => 'crash: kill -9 of the API.',
  hint: 'Is another API listening on its port?',
}
