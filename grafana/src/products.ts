import { dashboards } from './all.ts'
import { goalRules } from './goal-rules.ts'

/** Every file that is made and not written by hand: its path from the root and its content. */
export function products(): [file: string, content: string][] {
  const pages = dashboards().map((dashboard): [string, string] => [
    `grafana/dashboards/${dashboard.uid}.json`,
    `${JSON.stringify(dashboard, null, 2)}\n`,
  ])
  return [...pages, ['prometheus/rules/goals.yml', goalRules()]]
}
