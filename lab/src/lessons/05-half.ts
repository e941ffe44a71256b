import type { Lesson } from '../course/lesson.ts'

export const lesson: Lesson = {
  title: 'Half an outage: reading works, writing does not',
  hook: `A library has a flood in the cellar, where new books are put on shelves. The reading room is dry. Should the library
    close? Now think of an API whose database can still be read, but no longer written. Should it refuse everything, to be on
    the safe side?`,
  guesses: [
    {
      ask: `In the load of the lab, 70 of 100 requests read one note, 15 read a list, and 15 write a note. In the run, the
        database file becomes read-only. How many of 100 requests fail?`,
      number: 'error_ratio@outage',
      unit: '%',
    },
    {
      ask: 'How long until /health says so?',
      number: 'degraded_after@outage',
      unit: 'ms',
    },
    {
      ask: 'Some users get the answer "your note is saved" just before or during the fault. How many of these notes are lost?',
      choice: ['none', 'a few', 'more than 100'],
      of: 'notes_lost',
      limits: [1, 100],
    },
  ],
  run: { experiment: 'read-only', seconds: 38 },
  why: `{error_ratio@outage} of the requests failed: the writes, and only the writes. {reads_served@outage} of the reads were
    served, and {writes_refused@outage} of the writes were refused. For a user who only reads, nothing happened.

    A simple API would know two words: "works" and "broken". This one asks a question before each use, for what it is
    about to do: may I read, or: may I write? So it can say three things: ok, read-only, unavailable. After
    {degraded_after@outage} /health said "degraded", with the word read_only.

    Each refused write gets an answer with a name, database-read-only. A program can act on a name. It can keep showing notes,
    make the button "Save" grey, and try again later. With a plain "error 500" it could only guess.

    And no promise was broken: of all notes that were confirmed, {notes_lost} are missing. A note that cannot be kept must never
    be confirmed. That matters more than any of the other numbers.

    This is called graceful degradation: lose a part, keep the rest, and say which part.`,
  knob: {
    says: `In lesson 3 a lock took everything away. Turn one knob: the database now keeps its changes in a second file
      (this is called WAL, write-ahead log). Then the lab locks it again.`,
    experiment: 'outage-lock-wal',
    seconds: 38,
    after: `{reads_served@outage} of the reads were served under the lock, and {writes_refused@outage} of the writes were refused.
      One setting has made a whole outage into half of one: in WAL mode a reader needs no lock. What the setting costs:
      make tradeoff NAME=rollback-or-wal EMBEDDED=1`,
  },
  question: {
    ask: 'Another service writes 1,000 notes a second and never reads. For this service, the fault that you saw is',
    options: ['half an outage', 'a whole outage', 'no outage'],
    right: 'a whole outage',
    because: 'How bad a fault is depends on what the users do, and not only on what is broken. Always ask: who is hit?',
  },
  grafana: {
    dashboard: 'outage',
    panel: 'Answers by status',
    look: 'after make up, try make outage MODE=readonly FOR=20s: 503 (refused) and 2xx (served) side by side, at the same time.',
  },
  code: {
    file: 'api/src/database/sqlite.ts',
    fragment: "link.state().reads ? 'readOnly'",
    look: 'where an error learns whether reading still works.',
  },
}
