// The door: what must be settled before the program and its packages are loaded.
import { setFlagsFromString } from 'node:v8'

if (Number(process.versions.node.split('.')[0]) < 26) {
  console.error(
    `This program needs Node 26 and this is ${process.versions.node}: start it with npm start, which brings it.`,
  )
  process.exit(1)
}
// A young generation that grows while packages are loaded never shrinks again; kept small it saves a sixth of the memory.
setFlagsFromString('--semi-space-growth-factor=1')
// Every thread that has made a hash keeps its 19 MiB. Hashes are made one at a time, so one thread is enough.
process.env.UV_THREADPOOL_SIZE = '1'

const { ConfigError } = await import('./config.ts')
const { serve } = await import('./serve.ts')
try {
  await serve()
} catch (error) {
  // What a person can mend is a sentence; everything else is a fault of the program and shows its stack.
  if (error instanceof ConfigError) for (const fault of error.faults) console.error(fault)
  else console.error(error)
  process.exit(1)
}
