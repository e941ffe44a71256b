import { stringify } from 'yaml'
import { dashboards } from './all.ts'
import { goals } from './goals.ts'

/** Every generated file: its path from the root and its content. */
export function artifacts(): [file: string, content: string][] {
  const pages = dashboards().map((dashboard): [string, string] => [
    `grafana/dashboards/${dashboard.uid}.json`,
    `${JSON.stringify(dashboard, null, 2)}\n`,
  ])
  return [...pages, ['prometheus/rules/goals.yml', goalRules()]]
}

// slo.json as series: the alerts compare with the numbers of the goals.
function goalRules(): string {
  const { baseline, peak } = goals
  const rules = Object.entries({ baseline, peak }).flatMap(([goal, { rate, seconds, error_ratio }]) =>
    [
      ['goal:http_requests:rate', rate],
      ['goal:http_request_duration_seconds:max', seconds],
      ['goal:http_errors:ratio', error_ratio],
    ].map(([record, value]) => ({ record, expr: `vector(${value})`, labels: { goal } })),
  )
  return `# Generated from slo.json by grafana/build.ts.\n${stringify({ groups: [{ name: 'goals', interval: '15s', rules }] })}`
}
