import type { Command } from './commands/command.ts'
import { experimentCommands } from './commands/experiments.ts'
import { faultCommands } from './commands/faults.ts'
import { runCommands } from './commands/runs.ts'
import { stackCommands } from './commands/stack.ts'
import { UserError } from './errors.ts'
import { help } from './help.ts'

const commands: Record<string, Command> = {
  ...experimentCommands,
  ...runCommands,
  ...faultCommands,
  ...stackCommands,
  async help() {
    console.log(help)
    return 0
  },
}

const codes: Record<string, number> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }
const stop = new AbortController()
let code: number | undefined

/** The first time everything is put right in order; whoever cannot wait asks twice, and only the fault is undone. */
function interrupt(signal: string): void {
  if (stop.signal.aborted) process.exit(codes[signal])
  code = codes[signal]
  stop.abort(new UserError('Interrupted: everything is put back.'))
}
for (const signal of Object.keys(codes)) process.on(signal, () => interrupt(signal))
// Nobody reads any more (`| head`): the same as Ctrl-C.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', () => {
    if (!stop.signal.aborted) interrupt('SIGINT')
  })
}

// A fault of the program must not look like exit code 1, which means FAIL; leaving by exit() undoes what is active.
process.on('uncaughtException', (error) => {
  console.error(error)
  process.exit(2)
})

const [name = 'help', ...args] = process.argv.slice(2)
try {
  const command = commands[name.replace(/^--?/, '')]
  if (command === undefined) throw new UserError(`${name}: the commands are ${Object.keys(commands).join(', ')}.`)
  const result = await command(args, stop.signal)
  process.exitCode = result
} catch (error) {
  console.error(error instanceof UserError ? error.message : error)
  process.exitCode = code ?? 2
}
