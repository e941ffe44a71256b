import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dashboards } from './all.ts'
import { goalRules } from './goal-rules.ts'
import { usesTable } from './uses.ts'

const signals = 'docs/signals.md'
const heading = '## Where they are used\n'

/** Every file that is made and not written by hand: its path from the root and its content. */
export function products(): [file: string, content: string][] {
  const pages = dashboards().map((dashboard): [string, string] => [
    `grafana/dashboards/${dashboard.uid}.json`,
    `${JSON.stringify(dashboard, null, 2)}\n`,
  ])
  // Only the last part of this one is made.
  const [written] = readFileSync(join(import.meta.dirname, '../..', signals), 'utf8').split(heading)
  const intro = 'Made by `grafana/build.ts` from the rules and dashboards.'
  const uses = `${written}${heading}\n${intro}\n\n${usesTable()}`
  return [...pages, ['prometheus/rules/goals.yml', goalRules()], [signals, uses]]
}
