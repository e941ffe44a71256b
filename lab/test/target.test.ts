import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { openStack } from '../src/targets/target.ts'
import { scratchFolder } from './helpers.ts'

for (const mode of ['delete', 'wal']) {
  test(`a database that is being written can be the target of an experiment: ${mode}`, (t) => {
    const database = join(scratchFolder(t), 'notes.db')
    const writer = new Database(database)
    t.after(() => writer.close())
    writer.pragma(`journal_mode = ${mode}`)
    writer.exec('CREATE TABLE notes (id TEXT); BEGIN EXCLUSIVE')
    const target = { url: '', metricsUrl: '', username: '', password: '', database }
    assert.equal(openStack(target).journalMode, mode)
  })
}
