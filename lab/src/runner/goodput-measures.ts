import { count, isSuccess } from '../load/figures.ts'
import { goodputOf, goodputPerSecond, recoverySeconds } from '../load/goodput.ts'
import { counted } from './cost-measures.ts'
import { isWithin, type Measure, type Measured, type Selection, share } from './selection.ts'

/** What an experiment with random arrivals or clients of their own policy may expect; data requests and logins together. */
export const goodputMeasures = {
  goodput: {
    title: 'goodput',
    unit: '%',
    better: 'more',
    of: (selection) => share(sums(selection).good, sums(selection).offered),
  },
  goodput_of_capacity: {
    title: 'goodput, of the capacity',
    unit: '%',
    better: 'more',
    of: (selection) =>
      share(sums(selection).good, Math.round((selection.run.capacity?.perSecond ?? 0) * selection.seconds)),
  },
  goodput_back_after: { title: 'goodput back after', unit: 's', of: backAfter },
  amplification: {
    title: 'requests for each first try',
    unit: 'x',
    of(selection) {
      const { attempts, offered } = sums(selection)
      return { value: offered > 0 ? attempts / offered : undefined, words: `${count(attempts)} for ${count(offered)}` }
    },
  },
  /** Seen from the API: what it answered well, and the client no longer waited. */
  wasted: { title: 'logins served too late', unit: '%', of: wasted },
  peak_of_attempts: { title: 'most requests within a second, against the capacity', unit: 'x', of: peakOfAttempts },
} satisfies Record<string, Measure>

function sums({ data, logins, dropped }: Selection) {
  return goodputOf([...data, ...logins], dropped)
}

function backAfter({ run, from, to }: Selection): Measured {
  const seconds = Math.max(1, Math.floor((to - from) / 1000))
  const back = recoverySeconds(goodputPerSecond(run.results, run.dropped, from, seconds))
  return back === undefined ? { value: seconds, words: 'not back by then' } : { value: back }
}

function wasted(selection: Selection): Measured {
  const { rise: served, from, to } = counted(selection, ({ logged_in }) => logged_in)
  if (to === from) return { words: 'not readable' }
  const inTime = selection.run.results.filter(
    (one) => one.kind === 'login' && isSuccess(one) && isWithin(one.done, from, to),
  )
  return share(Math.max(0, served - inTime.length), served)
}

function peakOfAttempts({ run, from, to }: Selection): Measured {
  const sent = run.results
    .flatMap((one) => (one.attempts ?? [one]).map((attempt) => attempt.sent))
    .filter((moment) => isWithin(moment, from, to))
    .sort((a, b) => a - b)
  let [first, most] = [0, 0]
  sent.forEach((moment, i) => {
    while ((sent[first] ?? moment) <= moment - 1000) first++
    most = Math.max(most, i - first + 1)
  })
  const capacity = run.capacity?.perSecond
  return { value: capacity && most / capacity, words: `${most} in a second` }
}
