import { spawn } from 'node:child_process'
import { join } from 'node:path'

/** Starts the process that clears away when this one is killed; gives what sends it home. */
export function callJanitor(folder: string): () => void {
  const janitor = spawn(process.execPath, [join(import.meta.dirname, 'janitor.ts'), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // In a group of its own, so that neither Ctrl-C nor a signal to the whole group reaches it.
    detached: true,
  })
  // Without a janitor the next run clears away.
  janitor.on('error', () => {})
  janitor.stdin.on('error', () => {})
  janitor.unref()
  return () => janitor.stdin.end()
}
