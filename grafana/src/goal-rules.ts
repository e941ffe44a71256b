import { stringify } from 'yaml'
import { goals } from './goals.ts'

/** slo.json as series, so that alerts compare with the goals' own numbers. */
export function goalRules(): string {
  const rules = Object.entries(goals).flatMap(([goal, { seconds, error_ratio }]) =>
    [
      ['goal:http_request_duration_seconds:max', seconds],
      ['goal:http_errors:ratio', error_ratio],
    ].map(([record, value]) => ({ record, expr: `vector(${value})`, labels: { goal } })),
  )
  return `# Made from slo.json by grafana/build.ts.\n${stringify({ groups: [{ name: 'goals', interval: '15s', rules }] })}`
}
