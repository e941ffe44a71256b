// The door: what must be settled before the program and its packages are loaded. It is started with
// --max-semi-space-size=4 everywhere: a young generation that grows with the load would cost 20 MiB and save little time;
// and with --max-old-space-size=96: by itself the heap may grow beyond what its container has, and a flood ends it.

if (Number(process.versions.node.split('.')[0]) < 26) {
  console.error(
    `This program needs Node 26 and this is ${process.versions.node}: start it with npm start, which brings it.`,
  )
  process.exit(1)
}

// A dependency of koa-jwt asks for the home folder, and a user that exists only as a number has none.
process.env.HOME ||= '/'

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

export {} // makes this file a module, for the awaits above
