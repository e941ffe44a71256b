import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const holder = join(import.meta.dirname, '../../lab/src/faults/lock-holder.ts')

/** BEGIN EXCLUSIVE in a process of its own. Resolves when it has the lock, to the function that ends it. */
export async function takeLock(databasePath: string): Promise<() => Promise<unknown>> {
  const until = new Date(Date.now() + 60_000).toISOString()
  const child = fork(holder, [databasePath, until], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  const exited = once(child, 'exit')
  await word()
  child.send('hold')
  await word()
  return () => {
    child.kill('SIGKILL')
    return exited
  }

  async function word() {
    const ended = exited.then(() => ['it ended'])
    const [said] = await Promise.race([once(child, 'message'), ended])
    if (typeof said === 'string' || 'failed' in said) throw new Error(`the lock: ${said.failed ?? said}`)
  }
}
