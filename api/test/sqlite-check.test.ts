import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { keepOpen } from '../src/database/sqlite-check.ts'
import { createLogger } from '../src/telemetry/logger.ts'
import { newFolder } from './start-api.ts'

test('after the first failed use the next check comes sooner, and more failures do not put it off', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const settings = { JOURNAL_MODE: 'delete', BUSY_TIMEOUT_MS: 0, GROUP_COMMIT: 'on' } as const
  const link = await keepOpen(join(newFolder(t), 'notes.db'), settings, createLogger('silent').log)
  t.after(link.close)
  link.failed('write', 'locked')
  t.mock.timers.tick(60)
  link.failed('write', 'locked')
  assert.equal(link.state().writes, false)
  t.mock.timers.tick(40)
  assert.equal(link.state().writes, true)
})
