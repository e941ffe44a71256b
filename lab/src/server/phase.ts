import { Gauge, type Registry } from 'prom-client'

const idle = { experiment: 'none', phase: 'idle' }
const label = /^[a-z0-9-]{1,40}$/

export type Phase = {
  current: () => { experiment: string; phase: string }
  /** Names what the lab is doing for so long at most; false when a name is not made of small letters, digits, hyphens. */
  set: (experiment: string, phase: string, forMs: number) => boolean
}

/** What the lab is doing, as the one series of lab_phase. It ends by itself: whoever set it may have been killed. */
export function createPhase(registers: Registry[]): Phase {
  let current = idle
  let until = 0
  const now = () => (Date.now() < until ? current : idle)
  new Gauge({
    name: 'lab_phase',
    help: '1 for what the lab is doing now',
    labelNames: ['experiment', 'phase'],
    registers,
    collect() {
      this.reset()
      this.set(now(), 1)
    },
  })

  function set(experiment: string, phase: string, forMs: number): boolean {
    if (!label.test(experiment) || !label.test(phase)) return false
    current = { experiment, phase }
    until = Date.now() + forMs
    return true
  }
  return { current: now, set }
}
