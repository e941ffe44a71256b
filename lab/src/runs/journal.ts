import { z } from 'zod'
import { sloSchema } from '../slo.ts'

// The one description of journal.json: the types, the check of a file, and the columns of lab.db all follow from it.
// Moments end in `_ms` and count from the begin of the run; `started` ties them to the calendar. null: not measurable.
// Fields that newer versions added are optional, so that older runs can still be shown.

const orNull = z.number().nullable()
const flag = z.int().min(0).max(1).nullable()
const counts = z.record(z.string(), z.number())

/** One second: what the client met, what the API said, and what was being done to the API. Every field is a column. */
export const metricsEvent = z.object({
  second: z.int().describe('whole seconds since the run began'),
  time: z.string().describe('when the second began, UTC'),
  rate: z.number().describe('requests that were due in this second and sent'),
  answered: z
    .number()
    .optional()
    .describe('answers that arrived in this second, whatever their status and whenever they were due'),
  error_ratio: orNull.describe('share of the due requests without a 2xx answer, 0 to 1'),
  p50_ms: orNull.describe('half of the answers were faster, counted from when each request was due'),
  p95_ms: orNull.describe('95 of 100 answers were faster'),
  p99_ms: orNull.describe('99 of 100 answers were faster'),
  statuses: counts.describe('JSON: answers by status, `{"200":255,"201":45}`'),
  dropped: z.number().describe('requests never sent, because too many still waited'),
  db_errors: orNull.describe("by how much the API's db_errors_total rose"),
  db_available: flag.describe('0: the API says that it cannot read or cannot write its database'),
  degraded: flag.describe('1: /health says degraded'),
  event_loop_delay_ms: orNull.describe("mean lateness of a timer on the API's event loop"),
  server_rate: orNull.describe('data requests per second, as the API counted them'),
  server_p95_ms: orNull.describe('p95 as the API measured it, without the time before its first line of code'),
  memory_mb: orNull.optional().describe("the API's memory"),
  attempts: counts.optional().describe("JSON: the attacker's attempts by status, 0 for no answer"),
  offered: z.number().optional().describe('first tries that were due, logins included'),
  tries: z.number().optional().describe('requests on the wire, retries included'),
  goodput: z
    .number()
    .optional()
    .describe('first tries due in this second that ended in a 2xx before their client gave up'),
  abandoned: z.number().optional().describe('requests that their client abandoned in this second'),
  served_late: z.number().optional().describe('logins that the API served in this second, too late for their client'),
  guesses: z.number().optional().describe('guesses at a secret made offline, without a request'),
  phase: z.string().describe("the experiment's phase"),
  fault: z.string().nullable().describe('the kind of the fault in force'),
  trouble: z
    .string()
    .nullable()
    .optional()
    .describe('trouble made on purpose: the kind of the fault, `overload` or `attack`'),
})

/** A whole phase in figures, computed once from its single requests. */
const figures = z.object({
  due: z.number(),
  sent: z.number(),
  answered: orNull,
  failed: z.number(),
  error_ratio: orNull,
  p50_ms: orNull,
  p95_ms: orNull,
  p99_ms: orNull,
  max_ms: orNull,
  mean_ms: orNull.optional(),
  rate: z.number(),
})

const fault = z.object({
  kind: z.string(),
  /** For which it was planned: it may begin a millisecond before. */
  phase: z.string().optional(),
  injected_ms: z.number(),
  /** null: no request from outside ever felt it. */
  landed_ms: orNull,
  undone_ms: z.number(),
  /** In force until the lab undid it. */
  intact: z.boolean(),
  did: z.string(),
  undone: z.string(),
  /** From the injection until /health said degraded; from the rollback (of a crash: from the kill) until a data request succeeded. */
  detected_after_ms: orNull,
  recovered_after_ms: orNull,
})

/** `what` and `measured` are for a reader: the whole expectation, and what came of it, in words. */
const judgedExpectation = z.object({
  measure: z.string().optional(),
  phase: z.string(),
  what: z.string(),
  why: z.string(),
  compare: z.enum(['<', '<=', '=', '>=', '>']),
  limit: z.number(),
  value: orNull,
  unit: z.string(),
  measured: z.string(),
  met: z.boolean(),
})

const prediction = z.object({
  question: z.string(),
  unit: z.string(),
  guess: z.string(),
  measured: z.string(),
  value: orNull.optional(),
  why: z.string().optional(),
})

/** The value of a measure that the experiment judges or asks about; without a phase of the whole run. */
const measured = z.object({ measure: z.string(), phase: z.string().optional(), value: orNull, unit: z.string() })

/** What an attacker did in a phase, by status (0: no answer). `guesses`: made offline, each attempt being a batch of them. */
const attack = z.object({
  phase: z.string(),
  name: z.string(),
  attempts: z.number(),
  statuses: counts,
  guesses: z.number().optional(),
})

/** How arrivals were spaced and what their clients did, where that was not the usual. */
const manner = {
  logins: z.number().optional(),
  arrivals: z.string().optional(),
  clients: z.record(z.string(), z.unknown()).optional(),
}

/** null: without end. */
const wait = z.object({
  phase: z.string(),
  utilisation: z.number(),
  service_ms: z.number(),
  measured_ms: z.number(),
  ideal_ms: z.number(),
  md1_ms: orNull,
  mg1_ms: orNull,
})

/** journal.json: everything of one run that is worth keeping, and no secret. */
export const journal = z.object({
  schema: z.literal(2),
  experiment: z.string(),
  question: z.string(),
  hypothesis: z.string(),
  mode: z.enum(['stack', 'embedded']),
  started: z.string(),
  run: z.object({ number: z.number(), of: z.number() }),
  environment: z.object({
    node: z.string(),
    platform: z.string(),
    cpus: z.object({ count: z.number(), model: z.string() }),
    memory_bytes: z.number(),
    journal_mode: z.enum(['delete', 'wal']).optional(),
    /** Settings of the API other than the usual ones. */
    settings: z.record(z.string(), z.string()).optional(),
    load_generator: z.string(),
    /** What the random arrivals follow from. */
    seed: z.number().optional(),
  }),
  slo: sloSchema,
  planned: z.object({
    phases: z.array(z.object({ name: z.string(), rate: z.number(), from_s: z.number(), to_s: z.number(), ...manner })),
    faults: z.array(z.object({ kind: z.string(), at_s: z.number(), for_s: z.number() })),
  }),
  happened: z.object({
    phases: z.array(
      z.object({
        name: z.string(),
        /** Nothing is judged in it: a process that has just started is slow. */
        warm_up: z.boolean().optional(),
        rate: z.number(),
        start_ms: z.number(),
        end_ms: z.number(),
        figures,
      }),
    ),
    faults: z.array(fault),
    /** Requests that met the beginning or the end of a fault, or the time between two: either answer is right. */
    in_no_phase: z.object({ due: z.number(), failed: z.number() }).optional(),
  }),
  attacks: z.array(attack).optional(),
  /** What the API could do at most, per second, before the run and at its end. */
  capacity: z.object({ of: z.enum(['login', 'data']), before: z.number(), after: orNull }).optional(),
  /** How long logins waited for each other on average, beside what queueing theory says of their arrivals. */
  waits: z.array(wait).optional(),
  seconds: z.array(metricsEvent),
  expectations: z.array(judgedExpectation),
  /** Missing where nothing was predicted: a session of free play. */
  verdict: z.enum(['PASS', 'FAIL', 'INVALID']).optional(),
  /** Why it is not PASS, one sentence each. */
  reasons: z.array(z.string()),
  measured: z.array(measured).optional(),
  /** INVALID, and nothing but a busy machine is the reason. */
  busy: z.boolean().optional(),
  predictions: z.array(prediction),
  notes: z.object({ acknowledged: z.number(), lost: z.array(z.string()).nullable() }),
  /** Why it came out so, and the experiment to try next. */
  learned: z.string().optional(),
  next: z.string().optional(),
  /** The command that runs it again. */
  again: z.string(),
})

export type Journal = z.infer<typeof journal>
export type SecondRow = z.infer<typeof metricsEvent>
export type PhaseFigures = z.infer<typeof figures>
export type HappenedFault = z.infer<typeof fault>
export type JudgedExpectation = z.infer<typeof judgedExpectation>
