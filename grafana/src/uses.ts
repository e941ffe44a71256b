import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { dashboards } from './all.ts'
import { metricOf, seriesIn } from './promql.ts'
import { rules } from './rules.ts'

/** The queries of a dashboard's panels and annotations. */
export function queriesOf(dashboard: Dashboard): string[] {
  const targets = ((dashboard.panels ?? []) as Panel[]).flatMap((panel) => panel.targets ?? [])
  const bands = dashboard.annotations?.list ?? []
  return [...targets, ...bands].map((query) => String((query as { expr?: string }).expr))
}

/** A table of every metric that is read, and the recorded series, dashboards and alerts that read it. */
export function usesTable(): string {
  const uses = new Map<string, [recorded: Set<string>, dashboards: Set<string>, alerts: Set<string>]>()
  const note = (expr: string, column: 0 | 1 | 2, user: string) => {
    for (const metric of seriesIn(expr).map(metricOf)) {
      if (!uses.has(metric)) uses.set(metric, [new Set(), new Set(), new Set()])
      uses.get(metric)?.[column].add(user)
    }
  }
  for (const { record, alert, expr } of rules()) {
    if (record) note(expr, 0, `\`${record}\``)
    else if (alert) note(expr, 2, alert)
  }
  for (const dashboard of dashboards()) for (const expr of queriesOf(dashboard)) note(expr, 1, String(dashboard.uid))
  const rows = [...uses]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, users]) => [`\`${name}\``, ...users.map((names) => [...names].join(', '))])
  const head = ['metric', 'recorded series', 'dashboards', 'alerts']
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}
