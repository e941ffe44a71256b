import { z } from 'zod'
import { parseJson } from '../config.ts'
import { UserError } from '../errors.ts'
import { allKinds } from '../faults/all.ts'
import { checkRunsFolder } from '../runner/write-run.ts'
import { refuseElsewhere } from './controls.ts'
import type { Live } from './live.ts'
import { clientNames, mostPerSecond } from './live-load.ts'
import { whyShed } from './story.ts'

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
  z.object({ do: z.literal('play'), lesson: z.string(), knob: z.boolean() }),
  z.object({ do: z.literal('mystery'), level: z.literal([1, 2, 3]), seed: z.int().min(0).max(1_000_000).optional() }),
  z.object({ do: z.literal('guess'), lesson: z.string(), guesses: z.array(z.string()) }),
  z.object({ do: z.literal('answer'), lesson: z.string(), answer: z.string() }),
  z.object({ do: z.literal('solve'), answers: z.array(z.string()) }),
  z.object({ do: z.literal('end') }),
])
type Act = z.infer<typeof act>
const order = z.intersection(z.object({ page: z.int() }), act)

/** Does what a page asks for, and returns what is to be answered. Throws a UserError, and changes nothing, when that cannot be done. */
export async function handle(live: Live, body: string): Promise<object | undefined> {
  const { events, lessons, mystery, story } = live
  const wanted = parseJson(body, order, 'The request')
  events.act(wanted.page)
  if (wanted.do === 'guess') await lessons.guess(wanted.lesson, wanted.guesses)
  else if (wanted.do === 'answer') return lessons.answer(wanted.lesson, wanted.answer)
  else if (wanted.do === 'solve') mystery.solve(wanted.answers)
  else if (wanted.do === 'end') await mystery.end()
  else
    await control(live, wanted).catch((error) => {
      // The page shows it only until the next act.
      if (error instanceof UserError) story.tell(error.message, 'bad')
      throw error
    })
  return undefined
}

type Control = Exclude<Act, { do: 'guess' | 'answer' | 'solve' | 'end' }>

async function control(live: Live, wanted: Control): Promise<void> {
  const { target, folder, ends, visitors, load, faults, runs, lessons, mystery } = live
  // Any of these would disturb a run.
  await mystery.giveWay()
  runs.refuseAnother()
  if (wanted.do === 'load') await load.set(wanted.load)
  else if (wanted.do === 'mend') await faults.end()
  else if (wanted.do === 'shed') await setShed(live, wanted.on)
  else if (wanted.do === 'break') {
    refuseElsewhere(wanted.kind, target)
    await faults.begin(wanted.kind, ends.fault)
    visitors.faultSince = faults.active()?.since
  } else if (target.mode === 'stack') {
    throw new UserError(
      'Not here: it needs an API of its own. Without Docker: make lab, or in a terminal make lesson and make mystery',
    )
  } else if (wanted.do === 'play') {
    await lessons.play(wanted.lesson, wanted.knob, () => clear(live, ' for the run of a lesson'))
  } else {
    checkRunsFolder(folder)
    await clear(live, ' for a mystery')
    mystery.begin(wanted.level, wanted.seed)
  }
}

async function setShed({ target, visitors, faults, story, changed }: Live, on: boolean): Promise<void> {
  refuseElsewhere('shed', target)
  // It restarts the API, which a fault may just have killed.
  if (faults.active()) throw new UserError('A fault is active: undo it first.')
  await target.api?.restart({ SHED_AFTER_MS: on ? '50' : '0' })
  visitors.shed = on
  const how = on ? 'and sheds load now' : 'without load shedding'
  story.tell(`The API was restarted ${how}`, 'plain', on ? whyShed : undefined)
  changed()
}

/** A run has the machine for itself: load and fault of the page end. */
async function clear({ load, faults }: Live, why: string): Promise<void> {
  await faults.end()
  // Last, as it may be set while a fault is ending.
  await load.end(why)
}
