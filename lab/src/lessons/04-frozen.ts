import type { Lesson } from '../course/lesson.ts'

export const lesson: Lesson = {
  title: 'One setting, and the whole API stands still',
  hook: `Many databases have a friendly setting: "If I am busy, wait up to five seconds before you give up." Waiting sounds
    better than failing. So a programmer turns it on. One day another program locks the database for eight seconds. There is
    also a page that needs no database at all: /health. What does the setting do to that page?`,
  guesses: [
    {
      ask: 'While the database is locked: what is the slowest answer of /health, which needs no database?',
      number: 'health_slowest@outage',
      unit: 'ms',
    },
    {
      ask: 'And the requests that need the database, 300 a second? 95 of 100 are answered within',
      choice: ['100 ms', '1 second', 'more than 1 second'],
      of: 'p95_ms@outage',
      limits: [100, 1000],
    },
  ],
  run: { experiment: 'busy-timeout', seconds: 38 },
  why: `The slowest answer of /health took {health_slowest@outage}. Of the requests that need the database, 95 of 100 were answered
    within {p95_ms@outage} (this is called p95). Before the lock p95 was {p95_ms@before}.

    Think of a small post office with one clerk. A customer asks for a parcel, and the store room is locked. The friendly clerk
    says: "I wait at the door until it opens." He stands there for five seconds. Behind the customer there are others who only
    want a stamp. Stamps are on the desk. But the clerk stands at the door.

    This API has one clerk too: JavaScript runs on one thread, one piece of work after another. The database library waits
    inside a call, so the thread waits. No other request is even read: not /health, not a login, not a simple error page.

    With a wait of 0 the clerk says at once: "Locked, please come back." Then he serves the next one.

    So the question is not only "is waiting good for this request?" It is: "who else waits while this one waits?"`,
  knob: {
    says: 'Turn the knob back: the same lock for the same time, and a wait of 0 ms instead of 5,000.',
    experiment: 'outage-lock',
    seconds: 38,
    after: `p95 during the lock was {p95_ms@outage} now, and {first p95_ms@outage} with the setting. {refused@outage} of these
      requests were refused, at once, and /health answered {health_answered@outage} of its questions. More requests failed, and
      the service was better. That sounds wrong only as long as you count failures and not waiting people.`,
  },
  question: {
    ask: 'A load balancer, which spreads users over several APIs, asks /health every second and gets no answer for five seconds. What will it think?',
    options: [
      'that the database is slow',
      'that the process is dead; so it sends its users elsewhere, or restarts an API that was not ill',
      'nothing: it waits',
    ],
    right: 'that the process is dead; so it sends its users elsewhere, or restarts an API that was not ill',
    because: 'From outside, an API that stands still and a dead one look the same.',
  },
  grafana: {
    dashboard: 'time',
    panel: 'Delay of the event loop',
    look: 'how late the one thread is. After make up BUSY_TIMEOUT_MS=5000, try make outage MODE=lock FOR=20s.',
  },
  code: {
    file: 'api/src/database/sqlite-file.ts',
    fragment: 'timeout: settings.BUSY_TIMEOUT_MS',
    look: 'the setting, and the line above it that warns of it.',
  },
}
