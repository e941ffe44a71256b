import { z } from 'zod'
import { parseJson } from '../config.ts'
import { UserError } from '../errors.ts'
import { allKinds, type FaultKind, faults, kindsOn } from '../faults/all.ts'
import type { Live, LiveTarget } from './live.ts'
import { clientNames, mostPerSecond } from './live-load.ts'

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
  z.object({ do: z.literal('break'), kind: z.enum(allKinds) }),
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
  live.acts(wanted.page)
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
    refuse(wanted.kind, live.target)
    await live.breakIt(wanted.kind)
  } else {
    refuse('shed', live.target)
    // It restarts the API, which a fault may just have killed.
    if (live.faults.active()) throw new UserError('A fault is active: undo it first.')
    await live.setShed(wanted.on)
  }
}

/** `instead`: why it cannot be done here, and the command that does it. */
export type Control = {
  kind: FaultKind | 'shed'
  name: string
  says: string
  instead?: { why: string; command: string }
}

/** What a visitor can break or switch, and what not where this API runs. */
export function controlsOf({ mode, server }: Pick<LiveTarget, 'mode' | 'server'>): Control[] {
  const inStack = mode === 'stack'
  const breaks = kindsOn({ server }).map((kind) => {
    const { button, needs } = faults[kind]
    return { kind, name: button[0], says: button[1], instead: inStack || needs?.own === 'disk' ? needs : undefined }
  })
  const shed: Control = {
    kind: 'shed',
    name: 'Shed load',
    says: 'It helps: what would wait longer than 50 ms is refused at once. The API restarts with it.',
    ...(inStack && { instead: { why: 'It is a setting of the stack.', command: 'make up SHED_AFTER_MS=50' } }),
  }
  return [...breaks, shed]
}

function refuse(kind: Control['kind'], target: LiveTarget): void {
  const instead = controlsOf(target).find((one) => one.kind === kind)?.instead
  if (instead) throw new UserError(`${instead.why} Instead: ${instead.command}`)
}
