import { isSuccess } from '../load/figures.ts'
import { goodputPerSecond, recoverySeconds, total } from '../load/goodput.ts'
import { count } from '../report/html.ts'
import { type Measure, type Selection, share } from './selection.ts'

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
} satisfies Record<string, Measure>

const calls = ({ data, logins }: Selection) => [...data, ...logins]
const good = (selection: Selection) => calls(selection).filter(isSuccess).length
const offered = (selection: Selection) => calls(selection).length + selection.dropped

function perSecond({ run, from, to }: Selection) {
  return goodputPerSecond(run.results, run.dropped, from, Math.max(1, Math.floor((to - from) / 1000)))
}
