// Every lesson that lessons.live.test.ts does not play, in a terminal, to its end. How their runs are judged does not matter here.
import { test } from 'node:test'
import { lessonNames } from '../src/course/lesson.ts'
import { noPty } from './in-terminal.ts'
import { isMeasured, played } from './played-lesson.ts'

for (const name of lessonNames()) {
  if (['03-outage', '08-crash'].includes(name)) continue
  test(`lesson ${name} is played to its end, and no number is missing in its texts`, { skip: noPty }, async (t) => {
    const { out } = await played(t, name, 8)
    isMeasured(t, out)
  })
}
