import type { Lesson } from '../course/lesson.ts'

export const lesson: Lesson = {
  title: 'Who are you? Stolen tokens and guessed passwords',
  hook: `At a festival you show your ticket once and get a wristband. From then on no guard asks for your name: who wears the
    wristband may enter. After a login, an API does the same. The wristband is called a token. Now a thief copies your token.
    How long is the thief in?`,
  guesses: [
    {
      ask: 'A thief steals a token that is valid for 2 seconds. For how many seconds does the API serve the thief?',
      number: 'served_for@life-of-2-s',
      unit: 's',
    },
    {
      ask: 'Three thieves. Put them in order: who is served for the shortest time comes first.',
      order: {
        'the token is valid for 6 seconds': 'served_for@life-of-6-s',
        'the token is valid for 2 seconds': 'served_for@life-of-2-s',
        'the token is valid for an hour, and its owner logs out after 2 seconds': 'served_for@logout',
      },
    },
  ],
  run: { experiment: 'stolen-token', seconds: 31 },
  why: `The token of 2 seconds served its thief for {served_for@life-of-2-s}, the one of 6 seconds for {served_for@life-of-6-s}.
    Why longer than they say? Clocks of two computers never agree, so the API accepts a token for five more seconds.

    And why does the API serve a thief at all? It cannot see one. The token is a signed message: "this is user 7, until half
    past nine". The API checks signature and time. It does not look into any list, and that makes it fast. But a copy has the
    same signature as the original.

    So there are two ways to limit the damage. Let tokens live for a short time. And let the owner end them: the third token was
    valid for an hour, but after the logout it worked for {served_on@logout} more, {served_for@logout} in all. For this the API
    does keep a small note for each user: "no token from before this moment".

    All three thieves got the same answer in the end: 401 (not logged in), and no reason. A reason would teach them.`,
  knob: {
    says: `Another thief has no token and guesses passwords, 100 a second. The API checks only ten a minute for one name from one
      address. Guess for yourself: how many does it check in this run?`,
    experiment: 'brute-force',
    seconds: 58,
    after: `{guesses_heard@guesses} were checked, and all others refused before they cost anything. The time that 95 of
      100 answers to other users stay below (p95) moved by {p95_rise@guesses}. A password check is slow on purpose: without the limit the thief
      would also steal the time of the honest users (make experiment NAME=brute-force-unlimited EMBEDDED=1). And would a
      list of all who are logged in (sessions) be better than tokens? Compare: make tradeoff NAME=jwt-or-session EMBEDDED=1`,
  },
  question: {
    ask: 'You learn that a thief has copied your token, which is valid for an hour. What ends it here, right now?',
    options: ['a new password', 'to log out', 'to close the browser'],
    right: 'to log out',
    because:
      'A token does not know your password, and closing the browser ends only your copy. A logout ends all tokens that you have.',
  },
  grafana: {
    dashboard: 'attacks',
    panel: 'What the attacker gets',
    look: 'after make up, try make experiment NAME=brute-force: "accepted" is what the thief gets, "refused" what the limit stops.',
  },
  code: {
    file: 'api/src/middleware/signed-tokens.ts',
    fragment: 'const clockTolerance = 5',
    look: 'the five seconds. From here you can read the whole check.',
  },
}
