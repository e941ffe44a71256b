import type { Lesson } from '../course/lesson.ts'

export const lesson: Lesson = {
  title: 'The knee: why a busy service is slow long before it is full',
  hook: `A small shop has one till. The cashier works half of the time, and no customer waits long. On Saturday more customers come:
    she works 95 % of the time. She is not overloaded, she even has a free minute now and then. How long do people wait now?`,
  guesses: [
    {
      ask: `Here the till is the login of the API: it checks one password at a time, and each takes about 10 to 20 ms. Users arrive at
        random, so that it works half of the time. How long does a user wait for their turn, on average?`,
      number: 'mean_wait@load-50',
      unit: 'ms',
    },
    {
      ask: 'And when it works 95 % of the time? Compared with 50 %, a user waits',
      choice: ['less than twice as long (95 is not twice 50)', '2 to 5 times as long', 'more than 5 times as long'],
      of: 'mean_wait@load-95/mean_wait@load-50',
      limits: [2, 5],
    },
  ],
  run: { experiment: 'queue', seconds: 50 },
  why: `This machine can do {capacity} logins a second (its capacity): one takes {work_ms}. At 50 % of that, a user waited {mean_wait@load-50}. At 80 %:
    {mean_wait@load-80}. At 95 %: {mean_wait@load-95}.

    Why is there a wait at all below 100 %? Because people do not arrive one after another like soldiers. Three come at once,
    then none. In the quiet moment the cashier cannot work for the three who come next: a free second is lost for ever. So
    queues form at 50 % too. They are short, because soon there is a quiet moment again. At 95 % quiet moments are rare. A
    queue is still there when the next group arrives, and it grows.

    Theory says it in one line: wait = time of one login x busy / (2 x (1 - busy)). At 50 % that is half a login, at 80 % two
    logins, at 95 % nine and a half. The curve bends upwards like a knee. (Your numbers are from a few seconds each, so luck
    moves them.)

    Free time is not waste. It is what keeps the wait short.`,
  knob: {
    says: `Now stand at the door of the shop. You see how many people enter per second, and how long each one stays. Guess for
      yourself: can you say how many are inside, without looking?`,
    experiment: 'littles-law',
    seconds: 44,
    after: `Yes: people inside = people per second x seconds that each stays. This is Little's law. The API counted
      {in_system@half} at half of its capacity and {in_system@busy} at 90 %. At 90 % the law was off by {little_off@busy}. It
      works for shops, roads and computers. When the number inside grows and the rate does not, each one stays longer.`,
  },
  question: {
    ask: '50 users a second log in, and each stays 0.2 seconds in the API. How many are inside on average?',
    number: 10,
    because: "50 x 0.2 = 10. With Little's law you need only two of the three numbers.",
  },
  grafana: {
    dashboard: 'time',
    panel: 'Requests being processed',
    look: 'a number that grows is a queue. Try make load SCRIPT=ramp and find the knee.',
  },
  code: {
    file: 'lab/src/models/queueing.ts',
    fragment: 'return (rate * (service.variance',
    look: 'the formula, and where it comes from.',
  },
}
