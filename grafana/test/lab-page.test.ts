import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parseMetrics } from '../../lab/src/runner/metrics-page.ts'
import { api, lab, says, scratchFolder, stackEnv, until } from '../../lab/test/helpers.ts'
import { signalsUnder } from './signals.ts'

// A lab after a fault and a recovery, so that all its metrics exist.
const service = await api({ after })
const env = stackEnv(service, join(scratchFolder({ after }), 'lab.sock'))
const record = ['--record', join(scratchFolder({ after }), 'session.db')]
const serving = lab({ after }, ['serve', '--port', '0', '--prometheus-port', '0', ...record], { env })
await says(serving, 'listens on')
const port = /listens on (\d+)/.exec(serving.out())?.[1]
const read = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
for (const command of [['outage'], ['recover']]) {
  const asked = lab({ after }, command, { env })
  assert.equal(await asked.ended, 0, asked.out())
}
await until('the probe has seen both ends', async () => /probe_requests.*data.*success"} [1-9]/.test(await read()))
const page = await read()

test('docs/signals.md names every metric of the lab with its type and labels, and no other', () => {
  const samples = parseMetrics(page)
  const types = [...page.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({ name, type }))
  // Of the metrics of the lab's own process only those in use are documented.
  const written = signalsUnder('Metrics of the lab').map(({ name, type, labels }) => ({ name, type, labels }))
  const own = types.filter(({ name }) => !/^(process|nodejs)_/.test(name) || written.some((one) => one.name === name))
  const said = own.map(({ name, type }) => {
    const labels = samples.filter((sample) => sample.name === name).flatMap((sample) => Object.keys(sample.labels))
    return { name, type, labels: [...new Set(labels)].sort() }
  })
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)
  assert.deepEqual(said.sort(byName), written.sort(byName))
})
