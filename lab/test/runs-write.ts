// Writes the run of the fixture into the folder named on the command line: a process of its own, to be starved of room.

import { UserError } from '../src/errors.ts'
import { writeRun } from '../src/runner/write-run.ts'
import { outageJournal } from './report-fixtures.ts'

try {
  const { folder, remark } = writeRun(process.argv[2] ?? '', outageJournal())
  console.log(folder, remark)
} catch (error) {
  console.error(error instanceof UserError ? error.message : error)
  process.exitCode = 2
}
