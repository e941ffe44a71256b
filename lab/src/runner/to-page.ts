import { followRequests, type Met } from '../load/follow.ts'
import type { ApiState, Target } from '../targets/target.ts'

/** What the live page is told of a run that it has started. `rate`: of all requests; `data`: without the logins. */
export type News =
  | { phase: { name: string; rate: number; data: number; words: string } }
  | { fault: Parameters<NonNullable<Target['faulted']>> }
  | { met: Met; api: ApiState }

// A page that does not read must not fill the memory of the run: beyond these it misses requests. Phases and faults are few.
const mostOnTheirWay = 8

/** Tells the live page what happens, where it has started this process, with a channel; without one nothing is done. */
export function tellPage(): Pick<Target, 'entered' | 'over' | 'faulted' | 'loaded' | 'follow'> {
  if (!process.send) return {}
  const { follow, takeSeen, setPatience } = followRequests()
  let onTheirWay = 0
  function tell(news: News): void {
    if ('met' in news && onTheirWay >= mostOnTheirWay) return
    onTheirWay++
    // A page that is gone is no error of the run.
    process.send?.(news, undefined, {}, () => onTheirWay--)
  }
  return {
    follow,
    entered: ({ name, rate, logins = 0, clients }, _trouble, words) => {
      setPatience(clients?.timeoutMs)
      tell({ phase: { name, rate: rate + logins, data: rate, words } })
    },
    over: () => tell({ phase: { name: 'over', rate: 0, data: 0, words: 'The load is over; the run is judged.' } }),
    faulted: (...fault) => tell({ fault }),
    loaded: (calls, dropped, api) => tell({ met: { calls, dropped, ...takeSeen() }, api }),
  }
}
