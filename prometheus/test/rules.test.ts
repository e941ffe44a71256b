import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noPromtool, promtool } from './promtool.ts'

const options = { skip: noPromtool }

test('promtool finds nothing wrong with the configuration and the rules', options, () => {
  const { status, output } = promtool('check', 'config', '--lint=all', '--lint-fatal', 'prometheus.yml')
  assert.equal(status, 0, output)
})
