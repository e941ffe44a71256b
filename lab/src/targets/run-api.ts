// Runs an API for a lab or a test: `run-api.ts api/src/main.ts`. It ends with the process that has started it, whatever ended that.
import { flushCompileCache } from 'node:module'
import { pathToFileURL } from 'node:url'
import Database from 'better-sqlite3'

const nobody = 65534

// Not exit(): it was seen to hang when the API's folder and the reader of its log are gone.
const end = () => process.kill(process.pid, 'SIGKILL')
process.once('disconnect', end)
if (process.connected === false) end() // it was gone already

const { start } = await import(pathToFileURL(String(process.argv[2])).href)
// The API refuses to run as root. All code has been loaded while the process may still read the checkout, which other users
// may not enter (/root, a folder of mktemp -d). Then it becomes the user nobody, for good.
if (process.getuid?.() === 0) {
  new Database(':memory:').close() // loads its native part
  flushCompileCache() // where NODE_COMPILE_CACHE names one, only root may write to it
  process.setgroups?.([])
  process.setgid?.(nobody)
  process.setuid?.(nobody)
}
await start()
