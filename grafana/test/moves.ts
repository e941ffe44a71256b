/** Which panels must look different when something happens; each panel stands in one list. */
export const about = {
  load: [
    'overview, Requests',
    'overview, Latency',
    'time, How long requests take',
    'time, Of the average request',
    'time, Requests being worked on',
    'time, How late the thread is',
    'time, How busy the process is',
    'time, Processor time for each request',
    'time, Writes that share a commit',
    'clients, Requests',
    'clients, Latency, p95',
    'clients, Latency, p50',
    'clients, The lab’s probe',
    'clients, k6’s workers',
    'attacks, What the others wait (p95)',
    'attacks, Memory of the API',
    'anomalies, Requests',
    'anomalies, Latency, p95',
    'anomalies, How late the thread is, p99',
  ],
  outage: [
    'overview, Database',
    'overview, Error budget left',
    'overview, Alerts',
    'overview, The lab is doing',
    'overview, Errors',
    'outage, One outage, seen from four sides',
    'outage, How long it took',
    'outage, Alarms',
    'outage, Answers by status',
    'outage, Latency of successes and refusals (p99)',
    'outage, Why the database could not be used',
    'outage, Writes',
    'clients, Errors',
    'attacks, Who is served meanwhile',
    'anomalies, How unusual (z-score)',
    'anomalies, Found, beside what was really wrong',
    'anomalies, Errors',
  ],
  attack: [
    'logins, Logins refused in the last minute',
    'logins, Forged tokens in the last minute',
    'logins, Logins',
    'logins, Refused tokens',
    'logins, Clients’ mistakes by route (4xx)',
    'logins, What logins cost the others (p95)',
    'logins, Guesses that nobody hears',
    'attacks, What the attacker gets',
    'attacks, Refusals by status',
    'attacks, Open connections',
    'attacks, Connections that the API cut',
  ],
  /** k6 at its limit, which no test should bring about. */
  saturation: ['clients, Requests that k6 left out'],
}

/** The parts of the story between which each of the events lies. */
export const events = {
  load: ['idle', 'before'],
  outage: ['before', 'during'],
  attack: ['after', 'attack'],
} as const

/** Queries that have nothing to show at times, though their panel always has. */
export const mayBeEmpty = [
  /ALERTS|== 1|unless/, // words: one of several is so
  /lab_phase\{experiment!="none"\}/, // no experiment
  /^max\(lab_fault_\w+_seconds\)/, // no outage yet
  /^client:http_request_duration_seconds/, // k6 does not run
  /^histogram_quantile\(.*> 0$/, // no request of that kind
  /mean5m/, // not yet known what is usual
]

/** Before the first outage this one says so in words. */
export const mayBeEmptyPanel = /^outage, How long it took (idle|before)$/
