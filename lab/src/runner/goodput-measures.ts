import { isSuccess } from '../load/figures.ts'
import { goodputPerSecond, recoverySeconds, total } from '../load/goodput.ts'
import { count } from '../report/html.ts'
import { isWithin, type Measure, type Measured, type Selection, share } from './selection.ts'

/** What an experiment with random arrivals or clients of their own policy may expect; data requests and logins together. */
export const goodputMeasures = {
  goodput: { title: 'goodput', unit: '%', of: (selection) => share(good(selection), offered(selection)) },
  goodput_of_capacity: {
    title: 'goodput, of the capacity',
    unit: '%',
    of: (selection) => share(good(selection), Math.round((selection.run.capacity?.perSecond ?? 0) * selection.seconds)),
  },
  goodput_back_after: {
    title: 'goodput back after',
    unit: 's',
    of: (selection) => ({ value: recoverySeconds(perSecond(selection)) }),
  },
  amplification: {
    title: 'requests for each first try',
    unit: 'x',
    of(selection) {
      const { attempts, offered } = total(perSecond(selection))
      return { value: offered > 0 ? attempts / offered : undefined, words: `${count(attempts)} for ${count(offered)}` }
    },
  },
  abandoned: {
    title: 'requests abandoned by their clients',
    unit: '%',
    of(selection) {
      const { attempts, abandoned } = total(perSecond(selection))
      return share(abandoned, attempts)
    },
  },
  /** Seen from the API: what it answered well, and the client no longer waited. */
  wasted: { title: 'logins served too late', unit: '%', of: wasted },
  peak_of_attempts: { title: 'most requests within a second, against the capacity', unit: 'x', of: peakOfAttempts },
} satisfies Record<string, Measure>

function wasted({ run, from, to }: Selection): Measured {
  const readings = run.metrics.filter((one) => isWithin(one.at, from, to) && one.logged_in !== undefined)
  const [first, last] = [readings[0], readings.at(-1)]
  if (!first || !last) return { words: 'not readable' }
  const served = (last.logged_in ?? 0) - (first.logged_in ?? 0)
  const inTime = run.results.filter(
    (one) => one.kind === 'login' && isSuccess(one) && isWithin(one.done, first.at, last.at),
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

const calls = ({ data, logins }: Selection) => [...data, ...logins]
const good = (selection: Selection) => calls(selection).filter(isSuccess).length
const offered = (selection: Selection) => calls(selection).length + selection.dropped

function perSecond({ run, from, to }: Selection) {
  return goodputPerSecond(run.results, run.dropped, from, Math.max(1, Math.floor((to - from) / 1000)))
}
