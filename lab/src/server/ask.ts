import { request } from 'node:http'
import { json } from 'node:stream/consumers'
import { reasonOf, UserError } from '../errors.ts'

/** Asks the long-running lab on its socket. A UserError when it refuses or is not there. */
export function askLab<T>(socketPath: string, method: 'GET' | 'POST', path: string, body: object = {}): Promise<T> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path }, async (response) => {
      const answer = await json(response).catch((error) => ({ sentence: `The lab hung up (${reasonOf(error)}).` }))
      if (response.statusCode === 200) resolve(answer as T)
      else reject(new UserError((answer as { sentence: string }).sentence))
    })
    asked.on('error', (error) =>
      reject(new UserError(`The lab does not answer on ${socketPath} (${reasonOf(error)}): is it still starting?`)),
    )
    asked.end(method === 'POST' ? JSON.stringify(body) : undefined)
  })
}
