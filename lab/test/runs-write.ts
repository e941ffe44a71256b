// Writes the run of the fixture into the folder named on the command line: a process of its own, to be starved of room.
import { writeRun } from '../src/runs/write-run.ts'
import { Sentence } from '../src/sentence.ts'
import { outageJournal } from './report-fixtures.ts'

try {
  console.log(writeRun(process.argv[2] ?? '', outageJournal()))
} catch (error) {
  console.error(error instanceof Sentence ? error.message : error)
  process.exitCode = 2
}
