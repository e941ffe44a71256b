// Runs an API for a lab or a test that root has started: `as-nobody.ts api/src/main.ts`. All code is loaded while the process
// may still read the checkout, which other users may not enter (/root, a folder of mktemp -d). Then it becomes the user
// nobody, for good, and starts the API, which refuses to run as root.
import { flushCompileCache } from 'node:module'
import { pathToFileURL } from 'node:url'
import Database from 'better-sqlite3'

const id = 65534

const { start } = await import(pathToFileURL(String(process.argv[2])).href)
new Database(':memory:').close() // loads its native part
flushCompileCache() // where NODE_COMPILE_CACHE names one, only root may write to it
process.setgroups?.([])
process.setgid?.(id)
process.setuid?.(id)
await start()
