import { createServer, type IncomingMessage, type Server } from 'node:http'
import { json } from 'node:stream/consumers'
import { duration, oneOf } from '../config.ts'
import { UserError } from '../errors.ts'
import { kinds } from '../faults/fault.ts'
import type { CountAttempts } from './attempts.ts'
import type { Faults } from './faults.ts'
import type { Phase } from './phase.ts'

type Parts = { faults: Faults; phase: Phase; countAttempts: CountAttempts; status: () => object }
type Handler = (body: Record<string, string>) => object | Promise<object>

/**
 * Takes the commands of `outage`, `recover` and `status`. It listens on a Unix socket and nowhere else: whoever may use it
 * is inside the container already, and no web page can send anything there. A UserError is answered as 409 {sentence}.
 */
export function createControl({ faults, phase, countAttempts, status }: Parts): Server {
  const handlers: Record<string, Handler> = {
    'GET /status': () => status(),
    'POST /outage': ({ mode = '', for: time = '' }) =>
      faults.begin(oneOf('--mode', mode, kinds), duration('--for', time)),
    'POST /recover': () => faults.end(),
    'POST /phase': ({ experiment = '', phase: name = '', for: time = '' }) => {
      if (phase.set(experiment, name, duration('--for', time))) return {}
      throw new UserError('An experiment and its phase are named by small letters, digits and hyphens.')
    },
    'POST /attempts': ({ attack = '', ...told }) => {
      countAttempts(attack, told)
      return {}
    },
  }

  return createServer(async (req, res) => {
    const handler = handlers[`${req.method} ${req.url}`]
    if (handler === undefined) return res.writeHead(404).end()
    const [code, answer] = await answerOf(handler, req)
    res.writeHead(code, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer))
  })
}

async function answerOf(handler: Handler, req: IncomingMessage): Promise<[number, object]> {
  try {
    const body = req.method === 'POST' ? await json(req) : {}
    return [200, await handler(body as Record<string, string>)]
  } catch (error) {
    if (error instanceof UserError) return [409, { sentence: error.message }]
    console.error(error)
    return [500, { sentence: 'The lab met an unexpected error; its own log says more: make logs ONLY=lab' }]
  }
}
