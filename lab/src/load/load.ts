/** The API that is loaded, and the user who sends the requests. */
export type LoadTarget = { url: string; username: string; password: string }

/** Data requests per second, and logins per second beside them. */
export type LoadPhase = { name: string; rate: number; logins?: number; seconds: number }

export type Kind = 'read' | 'list' | 'write' | 'login' | 'attack'

/**
 * One arrival. Moments are milliseconds of clock.ts. `status` 0: no answer came, `error` says why. Latency is
 * `done - due`: a client that wanted to send at `due` waited that long. `sent - due` is the generator's own lag.
 */
export type Result = { kind: Kind; due: number; sent: number; done: number; status: number; error?: string }

/** A running load: what the runner needs of it, whichever generator makes it. Moments are those of clock.ts. */
export type Load = {
  /** The name of the generator, for the journal. */
  generator: string
  /** When its first phase began. */
  startedAt: number
  /** In order of completion. */
  results: Result[]
  /** When the arrivals were due that were never sent. */
  dropped: number[]
  /** Every note whose 201 arrived: id and title. */
  acknowledged: Map<string, string>
  /** How many requests were sent so far, where the generator knows before their answers come. */
  sent?: () => number
  /** What a reader of the results should know, one sentence each. Complete after `stop`. */
  remarks: string[]
  /** A phase begins now. */
  enter: (phase: LoadPhase) => void
  /** Ends the arrivals and waits for the answers that are still missing. */
  stop: () => Promise<void>
  /** Ends everything at once. */
  abandon: () => Promise<void>
}

export type StartLoad = (target: LoadTarget, token: string, phases: LoadPhase[]) => Promise<Load>
