import type { Lesson } from '../course/lesson.ts'

export const lesson: Lesson = {
  title: 'Help that hurts: the rush is over, and the service stays ill',
  hook: `An API serves its users well, with less than half of its strength. Then, for three seconds, five times as many come. The
    rush ends, and the load is exactly as it was before. Nothing is broken. The clients are good clients: when a login fails,
    they try again, four tries in all, as every programmer learns. How long until all is well again?`,
  guesses: [
    {
      ask: 'The rush is over. From then on, how many of 100 users get in?',
      choice: ['fewer than 10', '10 to 90: it gets better slowly', 'more than 90: it is well again at once'],
      of: 'goodput@after',
      limits: [10, 90],
    },
    {
      ask: 'Each user wants to log in once. How many requests does the API get for each user then?',
      number: 'amplification@after',
      unit: 'requests',
    },
  ],
  run: { experiment: 'retry-storm', seconds: 34 },
  why: `Before the rush {goodput@before} of the users got in, and in the {seconds@after} after it {goodput@after}, under the same load.

    Follow one user. The API can do {capacity} logins a second: checking a password is costly on purpose, against guessing.
    The rush has left a queue. Our user waits {patience@after}, gives up and sends a second request. But the first one still stands in the queue. The API cannot know that its client has left. It does
    the work, and no client reads the answer. Meanwhile the second request waits behind it, gets too late as well, and so
    on. One user has become {amplification@after} requests.

    Less than half of the strength, times that, is more than the API can do. So the queue never gets shorter. See how it
    goes round: the queue makes clients give up, giving up makes retries, retries make the queue. It feeds itself. The rush only
    started it.

    The API is busy all the time, with work that helps no user. Such a failure is called metastable: the same load, two
    states, well and ill, and a push from one into the other. It ends only when load is taken away.`,
  knob: {
    says: `The same users, the same rush, and one new rule for the clients: of 100 requests, at most about 10 may be retries. When
      this budget is empty, a client gives up after its first try. Strict, isn't it?`,
    experiment: 'retry-budget',
    seconds: 34,
    after: `In the {seconds@after} after the rush {goodput@after} of the users got in. Without the rule it was {first goodput@after}. Each
      user made {amplification@after} requests instead of {first amplification@after}. Fewer retries, more success: the queue
      could shrink, because hardly anything was added to it. One lost request may be tried again. When all are lost, trying
      again is the illness.`,
  },
  question: {
    ask: 'Many books say: wait longer before each retry (exponential backoff). You keep all four tries and only add these waits. What happens here, where new users keep coming?',
    options: [
      'it ends the storm: the API gets time to rest',
      'not much: as many requests come as before, only later',
      'it makes the storm worse',
    ],
    right: 'not much: as many requests come as before, only later',
    because: 'Waiting moves a retry. Only a limit takes it away. See it: make experiment NAME=retry-backoff EMBEDDED=1',
  },
  grafana: {
    dashboard: 'time',
    panel: 'Requests being processed',
    look: 'the queue. (The API of this lesson is its own and not in Grafana; make load SCRIPT=ramp makes a queue in the stack.)',
  },
  code: {
    file: 'lab/src/load/client-policy.ts',
    fragment: 'attempts.length >= policy.attempts || tokens < 1',
    look: 'the one line that decides between a retry and the end. The budget is the second half of it.',
  },
}
