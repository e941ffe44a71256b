import type { Lesson } from '../course/lesson.ts'

export const lesson: Lesson = {
  title: 'Noticing: which number sees which trouble?',
  hook: `It is three in the morning, and you sleep. Your service is in trouble. Something must wake you up, but only when it is
    worth it. You may watch one number: how many requests fail, or how long answers take. Which one do you take?`,
  guesses: [
    {
      ask: 'First trouble: for a while ten times as many requests come. How many of 100 fail?',
      choice: ['hardly any (fewer than 3)', '3 to 50', 'more than 50'],
      of: 'errors@spike',
      limits: [3, 50],
    },
    {
      ask: 'And the time that 95 of 100 answers stay below (p95)? Compared with before, it is',
      choice: ['less than twice as long', '2 to 20 times as long', 'more than 20 times as long'],
      of: 'p95_ms@spike/p95_ms@before',
      limits: [2, 20],
    },
  ],
  run: { experiment: 'spike', seconds: 53 },
  why: `In the rush {errors@spike} of the requests failed, and p95 went from {p95_ms@before} to {p95_ms@spike}.

    The lab has a small watcher for each number. It knows nothing of rushes or faults. It looks at the last 30 quiet seconds and
    asks: how far is this second from them? It counts in standard deviations, the usual distance of a second from the average.
    This is the z-score: 0 is ordinary, 4 is rare, and from 4 on it raises an alarm.

    After how long did each watcher wake up? Rate of requests: {alarm:rate}. p95: {alarm:p95_ms}. Errors: {alarm:error_ratio}.

    A watcher that sleeps is not broken. It watches something else. That is why engineers watch four signals together: latency,
    traffic, errors, and saturation (how full is it?). They are called the golden signals.

    Yet not each alarm should wake a person. A number that is strange harms no user. An alert should say: users are hurt, now.`,
  knob: {
    says: 'Now another trouble, one you know from lesson 3: the database file loses its permissions. Guess for yourself: which watcher wakes up, and which one sleeps?',
    experiment: 'outage-chmod',
    seconds: 38,
    after: `After how long did each watcher wake up now? Errors: {alarm:error_ratio}. p95: {alarm:p95_ms}; it went from
      {p95_ms@before} to {p95_ms@outage}. Rate of requests: {alarm:rate}. An engineer who watches only how long answers take may
      sleep well while no user is served. Neither number is better. Each
      trouble has its own.`,
  },
  question: {
    ask: 'Every request is refused, and each refusal is quick. You have one alert, on the time of answers. What does it do?',
    options: ['it fires at once', 'it stays silent', 'it fires after a minute'],
    right: 'it stays silent',
    because:
      'Refusals are quicker than answers, so the time of an answer gets better. That is why errors and latency are watched side by side.',
  },
  grafana: {
    dashboard: 'anomalies',
    panel: 'z-score of each signal',
    look: 'after make up and make load-baseline, try make outage MODE=lock FOR=20s, and see which line jumps.',
  },
  code: {
    file: 'lab/src/anomalies/detect.ts',
    fragment: 'const spreads: Record',
    look: 'the whole watcher: an average, a deviation and a division.',
  },
}
