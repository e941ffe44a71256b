import { z } from 'zod'
import { parseJson } from '../config.ts'
import { UserError } from '../errors.ts'
import { type FaultKind, fileKinds } from '../faults/fault.ts'
import type { Live } from './live.ts'
import { clientNames, mostPerSecond } from './live-load.ts'

// So long after its last act a page keeps the others from acting.
const leaseMs = 60_000

const act = z.discriminatedUnion('do', [
  z.object({
    do: z.literal('load'),
    load: z.object({
      rate: z.int().min(0).max(mostPerSecond),
      arrivals: z.enum(['even', 'poisson']),
      writes: z.number().min(0).max(1),
      clients: z.enum(clientNames),
    }),
  }),
  z.object({ do: z.literal('break'), kind: z.enum([...fileKinds, 'crash']) }),
  z.object({ do: z.literal('mend') }),
  z.object({ do: z.literal('shed'), on: z.boolean() }),
  z.object({ do: z.literal('guess'), lesson: z.string(), guesses: z.array(z.string()) }),
  z.object({ do: z.literal('play'), lesson: z.string(), knob: z.boolean() }),
  z.object({ do: z.literal('mystery'), level: z.literal([1, 2, 3]), seed: z.int().min(0).max(1_000_000).optional() }),
  z.object({ do: z.literal('solve'), answers: z.array(z.string()) }),
  z.object({ do: z.literal('end') }),
  z.object({ do: z.literal('answer'), lesson: z.string(), answer: z.string() }),
])
type Act = z.infer<typeof act>
const order = z.intersection(z.object({ page: z.int() }), act)

/** Does what a visitor asks for, and returns what is to be answered. Throws a UserError, and changes nothing, when that cannot be done. */
export async function handle(live: Live, body: string): Promise<object | undefined> {
  const wanted = parseJson(body, order, 'The request')
  const { actor } = live.state()
  if (!live.events.has(wanted.page)) throw new UserError('This page is not connected: load it again.')
  if (actor && actor.page !== wanted.page)
    throw new UserError(`Page ${actor.page} acts. Your turn comes a minute after its last act, or when it is closed.`)
  live.acts(wanted.page, leaseMs)
  if (wanted.do === 'answer') return live.lessons.answer(wanted.lesson, wanted.answer)
  if (wanted.do === 'guess') await live.lessons.guess(wanted.lesson, wanted.guesses)
  else if (wanted.do === 'mystery') await live.playMystery(wanted.level, wanted.seed)
  else if (wanted.do === 'solve') live.mystery.solve(wanted.answers)
  else if (wanted.do === 'end') await live.mystery.end()
  else
    await control(live, wanted).catch((error) => {
      // The page shows it only until the next act.
      if (error instanceof UserError) live.tell(error.message, 'bad')
      throw error
    })
  return undefined
}

async function control(
  live: Live,
  wanted: Extract<Act, { do: 'load' | 'break' | 'mend' | 'shed' | 'play' }>,
): Promise<void> {
  await live.mystery.giveWay()
  if (wanted.do === 'load') await live.setLoad(wanted.load)
  else if (wanted.do === 'play') await live.playLesson(wanted.lesson, wanted.knob)
  else if (wanted.do === 'mend') await live.faults.end()
  else if (wanted.do === 'break') {
    refuse(wanted.kind, live.target.mode)
    await live.breakIt(wanted.kind)
  } else {
    refuse('shed', live.target.mode)
    // It restarts the API, which a fault may just have killed.
    if (live.faults.active()) throw new UserError('A fault is active: undo it first.')
    await live.setShed(wanted.on)
  }
}

type Mode = 'embedded' | 'stack'
/** `instead`: why it cannot be done here, and the command that does it. */
export type Control = {
  kind: FaultKind | 'shed'
  name: string
  says: string
  instead?: { why: string; command: string }
}

/** What a visitor can break or switch, and what not where this API runs. */
export function controlsOf(mode: Mode): Control[] {
  const inStack = mode === 'stack'
  return [
    { kind: 'chmod', name: 'Take the permissions', says: 'No process may open the file of the database (chmod).' },
    { kind: 'lock', name: 'Lock the database', says: 'Another process holds it.' },
    { kind: 'move', name: 'Move the database', says: 'Its file is renamed.' },
    { kind: 'readonly', name: 'Make it read-only', says: 'Only writes fail.' },
    {
      kind: 'fill',
      name: 'Fill the disk',
      says: 'Reading goes on.',
      instead: { why: 'It needs a small disk.', command: 'make experiment NAME=disk-full EMBEDDED=1' },
    },
    {
      kind: 'crash',
      name: 'Kill the API',
      says: 'kill -9, in the middle of its work.',
      ...(inStack && { instead: { why: 'Docker holds its process.', command: 'make outage MODE=crash' } }),
    },
    {
      kind: 'shed',
      name: 'Shed load',
      says: 'Refuse at once what would wait longer than 50 ms. The API restarts with it.',
      ...(inStack && { instead: { why: 'It is a setting of the stack.', command: 'make up SHED_AFTER_MS=50' } }),
    },
  ]
}

function refuse(kind: Control['kind'], mode: Mode): void {
  const instead = controlsOf(mode).find((one) => one.kind === kind)?.instead
  if (instead) throw new UserError(`${instead.why} Instead: ${instead.command}`)
}
