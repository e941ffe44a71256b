import { randomUUID } from 'node:crypto'
import { logIn } from '../api-client.ts'
import { UserError } from '../errors.ts'
import { startMix } from '../load/load.ts'
import { type AttackContext, type AttackRun, attemptAtRate, request } from './attack.ts'

const methods = ['GET', 'GET', 'PUT', 'DELETE'] as const
const body = { title: 'mine now', body: '' }

/** A second user tries the ids of the first one's notes, and ids that do not exist. */
export async function anothersNotes({ target, token, pool }: AttackContext) {
  if (!target.other) throw new UserError('Skipped: this attack needs a second user.')
  const theirs = [...(await startMix(pool, token)).acknowledged.keys()]
  const { username, password } = target.other
  const mine = await logIn(pool, target.url, username, password)
  const next = (number: number) => {
    const method = methods[number % methods.length] ?? 'GET'
    const note = theirs[number % theirs.length] ?? ''
    // Strictly in turn they would keep step with the load, and one kind would always meet a busy API.
    const isThere = Math.random() < 0.5
    const path = `/data/notes/${isThere ? note : likeBut(note)}`
    const words = { method, path, token: mine, body: method === 'PUT' ? body : undefined }
    return request(isThere ? "another's note" : 'no note', pool, words)
  }
  return (run: AttackRun) => attemptAtRate(run, next)
}

/** An id of the same time that no note has: its random half differs. */
function likeBut(id: string): string {
  return id.slice(0, 19) + randomUUID().slice(19)
}
