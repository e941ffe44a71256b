import type { Lesson } from '../course/lesson.ts'

export const lesson: Lesson = {
  title: 'The database goes away: fail fast, say so, come back',
  hook: `You sit in a restaurant, and in the kitchen the stove breaks. What do you want to hear? "Sorry, no warm food now", at
    once? Or nothing, while you wait for an hour? An API has this choice too, when its database is gone. What does this one do,
    and how soon does it know?`,
  guesses: [
    {
      ask: `In the run, the lab takes away all permissions of the database file, for a while, and 300 requests a second
        arrive. How long until the API's own health page (/health) says that something is wrong?`,
      number: 'degraded_after@outage',
      unit: 'ms',
    },
    {
      ask: 'In this time no request can be served. What clients get instead, an error, comes',
      choice: [
        'faster than the answers before',
        'about as fast as the answers before',
        'slower than the answers before',
      ],
      of: 'p95_ms@outage/p95_ms@before',
      limits: [0.8, 1.25],
    },
    {
      ask: 'Then the lab gives the permissions back and restarts nothing. How long until the first request succeeds?',
      number: 'recovered_after@outage',
      unit: 'ms',
    },
  ],
  run: { experiment: 'outage-chmod', seconds: 38 },
  why: `{refused@outage} of the requests got the answer 503: "Service Unavailable, try again later". 95 of 100 of these answers
    came within {p95_ms@outage}. Before, with a healthy database, it was {p95_ms@before}. Saying no needs no database: on a
    quiet computer it is the quicker answer. This is called failing fast.

    Why not wait, perhaps the database comes back soon? Because {rate@outage} new requests arrive each second. After
    {seconds@outage}, {due@outage} requests would wait, each with a person or another program behind it that also waits. One broken
    part would slow down everything in front of it. (Could an API that waits still answer /health? See lesson 4.)

    After {degraded_after@outage} /health said "degraded": I live, but I cannot work. The lab asks this page
    20 times a second. A real watcher asks less often, and learns it at its next question.

    And no person had to repair the API: {recovered_after@outage} after the file was back, a request succeeded. While its
    database is gone, the API looks for it ten times a second. So it soon sees the good news, too.

    Three rules, then: fail fast, say so, and come back by yourself.`,
  knob: {
    says: 'The same outage with another cause: now a second program locks the database file. A lock looks harmless.',
    experiment: 'outage-lock',
    seconds: 38,
    after: `Another cause, the same outcome: {refused@outage} refused, known after {degraded_after@outage}, and back after
      {recovered_after@outage}. Clients need not learn a new rule for each cause. But this is no matter of course: lesson 4
      changes one setting, and the same lock does something much worse.`,
  },
  question: {
    ask: 'In the outage, /health still answered with status 200 (it works), and only its text said "degraded". Why not with an error?',
    options: [
      'an error could make a watcher restart the API, and a restart does not bring the database back',
      'it is a bug: /health should fail with all the rest',
      '/health does not know about the database',
    ],
    right: 'an error could make a watcher restart the API, and a restart does not bring the database back',
    because: 'The process is well. Only its database is not, and that is what the text says.',
  },
  grafana: {
    dashboard: 'outage',
    panel: 'One outage, seen from four sides',
    look: 'after make up, try make outage MODE=chmod FOR=20s: the fault, the API, /health and the client, one row each.',
  },
  code: {
    file: 'api/src/database/sqlite.ts',
    fragment: 'inspect(connection, operation)',
    look: 'before each use the API checks that the file is there and permitted. A lock shows when the statement itself fails at once, because the busy timeout is 0.',
  },
}
