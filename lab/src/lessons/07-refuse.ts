import type { Lesson } from '../course/lesson.ts'

export const lesson: Lesson = {
  title: 'Refuse early: why saying no serves more people',
  hook: `A bakery bakes 100 loaves an hour. One morning 300 people an hour come. Each waits a quarter of an hour at most, then goes
    home. The baker is polite: every guest may stand in the queue, first come, first served, and each loaf is made for one
    person. How many people go home with bread?`,
  guesses: [
    {
      ask: `The API can check a certain number of logins a second: this is 100 %. In the run, three times as many users come, and each
        waits less than a second, then leaves. How many are served in time, in % of what it can do?`,
      number: 'goodput_of_capacity@three-times',
      unit: '%',
    },
    {
      ask: 'Afterwards the load is low again. How many of 100 users are served then?',
      choice: ['fewer than 50', '50 to 95', 'more than 95'],
      of: 'goodput@after',
      limits: [50, 95],
    },
  ],
  run: { experiment: 'goodput-collapse', seconds: 36 },
  why: `The API can do {capacity} logins a second, and it worked all the time. Of this work {goodput_of_capacity@three-times} was
    of use. Of all users {goodput@three-times} got in. Each waited {patience@three-times}, then left. A third would have been possible.

    Where did the work go? Into the queue. It grows as long as more people arrive than the API can serve. Soon it is longer
    than people want to wait. First come, first served means: next is the one who has waited longest. That is just the one who
    has left. The API checks a password for a user who has left, then the next one. Each user comes to the front a little too
    late.

    Engineers have a word for work that arrives in time: goodput. The API did not get slower. Its throughput, all work in a second, was
    full, and its goodput was {goodput_of_capacity@three-times} of that. If you look only at "how busy is it?", all looks fine.

    When the load was low again, {goodput@after} got in: first the old queue had to be worked off.

    A queue is good for a short rush. For a long one it needs an end.`,
  knob: {
    says: `One new rule for the API: if a request would have to wait too long, refuse it at once with 503. (The setting is called
      SHED_AFTER_MS, and the idea is load shedding.) Two of three users hear no. Guess for yourself: will more be
      served, or fewer?`,
    experiment: 'shed',
    seconds: 36,
    after: `{goodput_of_capacity@three-times} of the capacity was of use now; without the rule it was
      {first goodput_of_capacity@three-times}. Of all users {goodput@three-times} got in, after {first goodput@three-times}. A no
      costs nearly nothing, so the API has its strength for those who still wait. And afterwards {goodput@after} were served:
      there was no old queue.`,
  },
  question: {
    ask: 'An API can serve 50 users a second, and 200 a second come. If it does everything right, how many of 100 users must hear no?',
    number: 75,
    because:
      '50 of 200 can be served, which is 25 of 100. The only choice is whether the others hear no at once or after a wait.',
  },
  grafana: {
    dashboard: 'outage',
    panel: 'Refused for overload',
    look: 'after make up SHED_AFTER_MS=50, try make load SCRIPT=ramp.',
  },
  code: {
    file: 'api/src/middleware/load-shedding.ts',
    fragment: 'if (waitMs() > afterMs) {',
    look: 'the whole idea in one line: it comes before the request has cost anything.',
  },
}
