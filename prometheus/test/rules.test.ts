import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { noPromtool, promtool } from './promtool.ts'

type Rule = {
  alert?: string
  record?: string
  expr: string
  labels?: Record<string, string>
  annotations?: Annotations
}
type Annotations = { summary?: string; dashboard?: string; runbook_url?: string }
type Story = { name: string; alert_rule_test?: { alertname: string; exp_alerts: object[] }[] }

const folder = join(import.meta.dirname, '..')
const root = join(folder, '..')
const skip = { skip: noPromtool }
const files = (name: string) => readdirSync(join(folder, name)).map((file) => `${name}/${file}`)
const yaml = (file: string) => parse(readFileSync(join(folder, file), 'utf8'))

const rules: Rule[] = files('rules').flatMap((file) =>
  yaml(file).groups.flatMap((group: { rules: Rule[] }) => group.rules),
)
const alerts = rules.filter((rule) => rule.alert !== undefined)
const stories: Story[] = files('tests').flatMap((file) => yaml(file).tests)

test('promtool finds nothing wrong with the configuration and the rules', skip, () => {
  const { status, output } = promtool('check', 'config', '--lint=all', '--lint-fatal', 'prometheus.yml')
  assert.equal(status, 0, output)
})

for (const file of files('tests')) {
  test(`the stories of ${file} go as they are told`, skip, () => {
    const { status, output } = promtool('test', 'rules', file)
    assert.equal(status, 0, output)
  })
}

test('every alert has a story in which it fires and one in which it never does', () => {
  for (const { alert } of alerts) {
    const told = stories
      .map((story) => story.alert_rule_test?.filter((look) => look.alertname === alert) ?? [])
      .filter((looks) => looks.length > 0)
    const fires = (looks: { exp_alerts: object[] }[]) => looks.some((look) => look.exp_alerts.length > 0)
    assert.ok(told.some(fires), `${alert} fires in no story`)
    assert.ok(!told.every(fires), `${alert} has no near miss`)
  }
  console.log(`${alerts.length} alerts, ${stories.length} stories`)
})

test('every alert says what it means, which dashboard shows it and what to do', () => {
  const headings = [...readFileSync(join(root, 'docs/runbook.md'), 'utf8').matchAll(/^## (\w+)$/gm)].map(
    ([, name]) => name,
  )
  for (const { alert = '', labels, annotations } of alerts) {
    assert.match(labels?.severity ?? '', /^(critical|warning|info)$/, alert)
    assert.match(annotations?.summary ?? '', /^.{20,}\.$/, alert)
    assert.equal(annotations?.runbook_url, `docs/runbook.md#${alert.toLowerCase()}`)
    assert.ok(headings.includes(alert), `docs/runbook.md has the heading ${alert}`)
    const dashboard = JSON.parse(
      readFileSync(join(root, `grafana/dashboards/${annotations?.dashboard?.replace('/d/', '')}.json`), 'utf8'),
    )
    assert.equal(`/d/${dashboard.uid}`, annotations?.dashboard)
  }
})

test('every recorded series is named level:metric:operation', () => {
  for (const { record } of rules) if (record) assert.match(record, /^[a-z]+:[a-z_]+:[a-z0-9_]+$/)
})
