import { reasonOf, UserError } from './errors.ts'

const codes: Record<string, number> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }
const stop = new AbortController()
let code = 2

/** The first signal ends a command in order; the second one leaves at once, and only the fault is rolled back. */
function interrupt(signal: string): void {
  if (stop.signal.aborted) process.exit(codes[signal])
  code = codes[signal] ?? 2
  stop.abort(new UserError('Interrupted: everything is put back.'))
}
for (const signal of Object.keys(codes)) process.on(signal, () => interrupt(signal))
// The live page that has started this run was killed: the same. Watching for that must not keep the run alive.
process.once('disconnect', () => interrupt('SIGTERM'))
process.channel?.unref()
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (stop.signal.aborted) return
    // The reader of the output is gone (`| head`): the same as Ctrl-C.
    if (reasonOf(error) === 'EPIPE') return interrupt('SIGINT')
    process.exitCode = code
    stop.abort(new UserError(`The output cannot be written (${reasonOf(error)}).`))
  })
}

// Exit code 1 means FAIL, so an error of the program has another one; leaving by exit() rolls back what is active.
process.on('uncaughtException', (error) => {
  console.error(error)
  process.exit(2)
})

try {
  const { createProgram } = await import('./commands.ts')
  await createProgram(stop.signal).parseAsync()
} catch (error) {
  const reason = reasonOf(error)
  if (error instanceof UserError) console.error(error.message)
  // An installation that was cut short.
  else if (/^Cannot find package/.test((error as Error).message))
    console.error(`${(error as Error).message}: run npm ci.`)
  // The CLI library has printed the help, or what is wrong, already.
  else if (!reason.startsWith('commander.')) console.error(error)
  process.exitCode = reason.startsWith('commander.help') ? 0 : code
}
