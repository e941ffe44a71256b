import type { Lesson } from '../course/lesson.ts'

export const lesson: Lesson = {
  title: 'What is normal? Why an average hides the people who wait',
  hook: `The owner of a web shop looks at a number and is happy: "On average, my page answers in a blink." Every day some
    customers write to him: "Your page is slow." Both are right. How can that be?`,
  guesses: [
    {
      ask: `In the run, the lab sends 300 requests a second to a real API. Sort all answers from fast to slow and look at the one
        in the middle: half of the answers are faster. How long does that one take?`,
      number: 'p50_ms@baseline',
      unit: 'ms',
    },
    {
      ask: 'And the slowest of all answers? Compared with the one in the middle, it takes',
      choice: [
        'up to 3 times as long',
        '3 to 10 times as long',
        '10 to 50 times as long',
        'more than 50 times as long',
      ],
      of: 'max_ms@baseline/p50_ms@baseline',
      limits: [3, 10, 50],
    },
    {
      ask: 'Put these three in order, the smallest first.',
      order: {
        'the time that 99 of 100 answers stay below (p99)': 'p99_ms@baseline',
        'the time that half of the answers stay below (p50)': 'p50_ms@baseline',
        'the average': 'mean_ms@baseline',
      },
    },
  ],
  run: { experiment: 'baseline', seconds: 45 },
  why: `Put all {due@baseline} answers in a row, the fastest first. Walk to the middle: {p50_ms@baseline}. This is p50.
    Walk on until 95 of 100 are behind you: {p95_ms@baseline}. This is p95. Until 99 of 100 are behind you:
    {p99_ms@baseline}, p99. The last one in the row took {max_ms@baseline}.

    The average of all is {mean_ms@baseline}. It is neither the usual answer nor a slow one: one number for all, and it
    describes none of them. The slow answers disappear in it.

    Why care about one answer in a hundred? Because a person rarely sends only one. Open a page that needs 100 requests: the
    chance that all are faster than p99 is 0.99 x 0.99 x ..., a hundred times: 37 %. So 63 of 100 visitors meet a slower one. The customers who use the shop most meet it most.

    That is why engineers promise percentiles and not averages. The promise here: p95 below 200 ms at 300 requests a second.
    Such a promise is called a goal, or SLO (service level objective).`,
  knob: {
    says: 'Now turn one knob: 500 requests a second instead of 300, two thirds more. Guess for yourself: will answers take two thirds longer?',
    experiment: 'peak',
    seconds: 45,
    after: `p95 was {p95_ms@before} at {rate@before} requests a second, and {p95_ms@peak} at {rate@peak}. How long an answer takes (its latency) does not
      simply follow the rate. It follows how often a request finds the API busy with another one. On a quiet computer that is
      seldom, at both rates. When does it begin to hurt? That is lesson 2.`,
  },
  question: {
    ask: 'At 300 requests a second: how many answers in one minute are slower than p99?',
    number: 180,
    because:
      '300 x 60 are 18,000 requests a minute, and one in a hundred of them is slower than p99. In your run slower means: more than {p99_ms@baseline}.',
  },
  grafana: {
    dashboard: 'overview',
    panel: 'Latency of successful requests',
    look: 'p50, p95 and p99 as three lines. Start make load-baseline and see how far apart they are.',
  },
  code: {
    file: 'lab/src/load/figures.ts',
    fragment: 'export function quantile(',
    look: 'how p95 is found in a sorted list. It is only a few lines.',
  },
}
