import { type Html, html } from './html.ts'

const terms: [string, string][] = [
  [
    'rate',
    'Requests per second. Here clients ask at a fixed rate whether or not earlier answers have come (an open load), as real visitors do.',
  ],
  [
    'p50, p95, p99',
    'Sort all answers by how long they took: half were faster than p50, 95 of 100 faster than p95, 99 of 100 faster than p99. Averages hide the slow ones; these do not.',
  ],
  [
    'error ratio',
    'The share of requests that were not answered with a 2xx status: refused, broken off, or never sent because too many were waiting (dropped).',
  ],
  [
    '503',
    'Service Unavailable: the API is alive but cannot do its work now, and says so at once. A quick 503 is kinder than a wait of ten seconds.',
  ],
  [
    'fault',
    'What the experiment does to the database file: take its permissions (chmod), lock it (lock), rename it (move). It is injected, lands when a client first feels it, and is undone.',
  ],
  [
    'attack',
    'Beside the ordinary clients the lab sends what somebody with bad intentions would send, always to its own API. Each attempt is accepted (2xx), refused (4xx), left without an answer, or met by an error (5xx).',
  ],
  [
    '401, 404, 408, 413, 429, 431',
    'How the API refuses: no valid token or password, no such note (or not yours), too slow, body too large, too many attempts, headers too large.',
  ],
  [
    'degraded',
    'What /health says while the API runs without its database. It still answers 200, because the process itself is well.',
  ],
  ['db_available, db_errors', 'What the API tells Prometheus: 1 or 0, and how many uses of the database failed.'],
  [
    'event loop delay',
    'How late a timer fires inside the API. All its JavaScript runs on one thread; while that is busy everybody waits.',
  ],
  [
    'z-score',
    'How far a value lies from the average of its recent past, counted in standard deviations: 0 is ordinary, 4 is rare.',
  ],
  ['MAD', 'Median absolute deviation: the robust cousin of the standard deviation.'],
  [
    'acknowledged',
    'A note whose 201 reached the client. It must be there at the end, whatever happened: that is checked by reading each one back.',
  ],
  [
    'INVALID',
    'The load was not reached, the fault did not land, or the machine was too busy. A broken experiment proves nothing, so it gets neither PASS nor FAIL.',
  ],
]

export function glossary(): Html {
  return html`<h2>Words</h2>
<dl>${terms.map(
    ([term, meaning]) => html`<dt>${term}</dt><dd>${meaning}</dd>
`,
  )}</dl>`
}
