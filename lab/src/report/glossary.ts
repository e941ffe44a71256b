// Every word that the lab uses and a beginner may not know. The report and docs/glossary.md are made from it.

/** `id`: the anchor of the word. `also`: other spellings of it. */
export type Word = { id: string; word: string; meaning: string }

export const glossary: Word[] = [
  {
    id: 'rate',
    word: 'rate, open load',
    meaning:
      'Requests per second. The clients of the lab send at a fixed rate, whether or not earlier answers have come (an open load). Clients that wait for each answer would slow down with the API and hide its trouble.',
  },
  {
    id: 'due',
    word: 'due, sent, answered',
    meaning:
      'A request is due at the moment that the rate sets. It is sent then or, when the client is busy, a little later. It is answered when the last byte of the answer has arrived. Latency counts from due, so that no wait is hidden.',
  },
  {
    id: 'p95',
    word: 'p50, p95, p99',
    meaning:
      'Half of the answers were faster than p50, 95 of 100 faster than p95, 99 of 100 faster than p99. An average hides the slow answers; p95 and p99 show them.',
  },
  {
    id: 'error-ratio',
    word: 'error ratio, failed',
    meaning:
      'The share of due requests without a 2xx answer: refused, broken off, or never sent because too many still waited (dropped).',
  },
  {
    id: '503',
    word: '503',
    meaning:
      'Service Unavailable: the API runs but cannot do this work now. A quick 503 is better for a client than a long wait: it can try again.',
  },
  {
    id: '4xx',
    word: '401, 404, 408, 413, 429, 431',
    meaning:
      'How the API refuses a request: no valid token or password, no such note (or not yours), too slow, body too large, too many attempts, headers too large.',
  },
  {
    id: 'slo',
    word: 'SLO, goal',
    meaning:
      'Service level objective: what the service promises, as numbers. For example: at 300 requests per second p95 is below 200 ms and fewer than 1 % fail. The goals are in slo.json.',
  },
  {
    id: 'error-budget',
    word: 'error budget, burn rate',
    meaning:
      'A goal of 99 % allows 1 % of the requests to fail: that is the budget. The burn rate says how fast it is used up; at 1 it lasts as long as the period of the goal.',
  },
  {
    id: 'verdict',
    word: 'PASS, FAIL',
    meaning:
      'PASS: every expectation of the experiment was met, also one of a disaster. FAIL: at least one was not. Whether the service did well is said apart from it.',
  },
  {
    id: 'invalid',
    word: 'INVALID',
    meaning:
      'The run proves nothing: the load was not reached, the fault did not land, or the machine was busy with other programs. Run it again.',
  },
  {
    id: 'fault',
    word: 'fault: inject, land, roll back',
    meaning:
      'What the lab breaks on purpose: it takes the permissions of the database file (chmod), locks it (lock), renames it (move), fills its disk (fill), or kills the API (crash). A fault is injected, lands when a request from outside first feels it, and is rolled back.',
  },
  {
    id: 'attack',
    word: 'attack',
    meaning:
      'The lab sends what an attacker would send, always to its own API. Each attempt is accepted (2xx), refused (4xx), unanswered, or an error (5xx).',
  },
  {
    id: 'degraded',
    word: 'degraded',
    meaning:
      'What /health reports while the API cannot use its database fully. The status is still 200, because the process works.',
  },
  {
    id: 'db-available',
    word: 'db_available, db_errors',
    meaning: 'Metrics of the API: whether it can use its database (1 or 0), and how many uses of it have failed.',
  },
  {
    id: 'event-loop',
    word: 'event loop, event loop delay',
    meaning:
      'Node runs all JavaScript of the API on one thread, one piece after another: the event loop. While one piece takes long, all requests wait. The delay is how late a timer fires there.',
  },
  {
    id: 'wal',
    word: 'WAL, journal mode',
    meaning:
      'How SQLite keeps a change safe. In mode "delete" a writer locks the whole file; with a write-ahead log (WAL) it appends to a second file, so that others can read meanwhile.',
  },
  {
    id: 'argon2id',
    word: 'argon2id',
    meaning:
      'The function that hashes passwords. It is slow and needs memory on purpose (about 10 ms and 19 MB), so that guessing is expensive. So logins are the most expensive requests of the API.',
  },
  {
    id: 'token',
    word: 'token, JWT, secret',
    meaning:
      'A login returns a token; later requests send it instead of the password. The API signs this JSON Web Token with its secret and need not store it. An attacker who guesses the secret can sign tokens too.',
  },
  {
    id: 'z-score',
    word: 'z-score',
    meaning:
      'How far a value lies from the average of its recent past, counted in standard deviations: 0 is ordinary, 4 is rare.',
  },
  {
    id: 'mad',
    word: 'MAD',
    meaning:
      'Median absolute deviation: the middle of all distances from the median. It measures spread as the standard deviation does, but a few extreme values do not change it.',
  },
  {
    id: 'acknowledged',
    word: 'acknowledged, lost',
    meaning:
      'A note is acknowledged when its 201 has reached the client. At the end of a run the lab reads each one back: none may be lost.',
  },
]

/** docs/glossary.md. */
export function glossaryMarkdown(): string {
  const words = glossary.map(({ id, word, meaning }) => `<a id="${id}"></a>**${word}**: ${meaning}\n`)
  return `# Glossary\n\nMade from \`lab/src/report/glossary.ts\`; a test compares the two.\n\n${words.join('\n')}`
}
