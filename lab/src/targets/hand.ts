import { spawn } from 'node:child_process'
import { UserError } from '../errors.ts'
import type { Target } from './target.ts'

/**
 * Somebody who does to the API what nobody can in the lab's place: `crash` for kill -9, or `users` and the list that is to
 * count from now on. Throws a UserError when it was not done.
 */
export type Hand = (order: string) => Promise<void>

/** The hand of a command that reads a line on its standard input, and returns once that is done. */
export function handOf(command: string): Hand {
  return (order) => {
    const child = spawn('sh', ['-c', command], { stdio: ['pipe', 'inherit', 'inherit'] })
    child.stdin.on('error', () => {}).end(`${order}\n`)
    return new Promise<void>((resolve, reject) => {
      child.once('close', (code) => {
        if (code === 0) resolve()
        else reject(new UserError(`Nobody did "${order.split(' ')[0]}" to the API: "${command}" ended with ${code}.`))
      })
    })
  }
}

type User = NonNullable<Target['other']>

/** Changes one user of the list (name:password,name:password), whose password it keeps up to date, and nobody else. */
export function changerOf(user: User, list: string, hand: Hand) {
  const entry = () => `${user.username}:${user.password}`
  const others = list.split(',').filter((one) => one !== entry())
  let isChanged = false
  return {
    async change(password?: string): Promise<void> {
      isChanged = true
      if (password) user.password = password
      await hand(`users ${[...others, ...(password ? [entry()] : [])].join()}`)
    },
    /** For the next run: at the very end whoever lends the hand puts the users back. */
    async putBack(): Promise<void> {
      if (isChanged) await hand(`users ${list}`)
    },
  }
}
