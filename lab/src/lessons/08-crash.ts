import type { Lesson } from '../course/lesson.ts'

export const lesson: Lesson = {
  title: 'What survives a crash: a promise is kept on the disk',
  hook: `You press "Save". The page says "Saved". In this second the power of the server fails. Is your note still there? You
    would say: of course, it said so. But who wrote it down, where, and when?`,
  guesses: [
    {
      ask: `While users write 45 notes a second, the lab kills the API with kill -9: it cannot finish anything. Then it starts
        again. How many notes are lost whose users had the answer "saved"?`,
      number: 'notes_lost',
      unit: 'notes',
    },
    {
      ask: 'How long from the kill to the first request that succeeds?',
      number: 'recovered_after@crash',
      unit: 'ms',
    },
    {
      ask: 'From the kill to the end of the run, requests get',
      choice: ['hardly any error: it is back too soon', 'errors, for a part of this time', 'only errors'],
      of: 'errors@crash',
      limits: [0.5, 90],
    },
  ],
  run: { experiment: 'crash', seconds: 50 },
  why: `Lost: {notes_lost}. Back: after {recovered_after@crash}. Of all requests in the {seconds@crash} from the kill on, {errors@crash} failed.

    There is one rule behind the first number, and it is about order. First write to the disk. Wait until the disk says "I have
    it". Only then answer "saved". An API that answers first and writes later is faster, and sometimes it lies.

    Writing to memory is not enough, because kill -9 and a power cut take the memory away. Even a written file is not enough:
    the operating system keeps it in memory for some seconds. The database asks the disk to really store it. This call is named
    fsync, and it is slow: often some milliseconds, as much as many reads.

    What about notes without an answer? Some may be there, some not. Their users know that they do not know, and try again.

    So durability does not mean that nothing is ever lost. It means that no promise is.`,
  knob: {
    says: `If each note waits for its own slow fsync, one after another, the disk limits everything. So this API lets all notes of
      a moment share one (group commit), like people who share a taxi. Compare both ways; it takes about two minutes:`,
    command: 'make tradeoff NAME=group-or-each EMBEDDED=1',
    after: `Look at "notes that share a commit": the fewer commits, the less the disk has to do. And no client is promised anything earlier: each
      answer still waits until the disk has it.`,
  },
  question: {
    ask: 'Another API answers "saved" at once and writes to the disk once a second. It gets 45 notes a second. It is killed. How many promised notes are lost, in the worst case?',
    number: 45,
    because:
      'All that were promised since the last write: up to one second of notes. In a hundred tests you may not see it. One day you will.',
  },
  grafana: {
    dashboard: 'time',
    panel: 'Writes per commit',
    look: 'how many notes share one taxi. Start make load-peak and see it rise.',
  },
  code: {
    file: 'api/src/database/sqlite.ts',
    fragment: 'function commit() {',
    look: 'all waiting writes in one transaction, and the answers after it.',
  },
}
