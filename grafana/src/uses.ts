import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { dashboards } from './all.ts'
import { metricOf, seriesIn } from './promql.ts'
import { rules } from './rules.ts'

/** Queries of a dashboard's panels, and of its annotations, whose `panel` is undefined. */
export function queriesOf(dashboard: Dashboard): { panel?: Panel; expr: string }[] {
  const panels = (dashboard.panels ?? []) as Panel[]
  const asked = panels.flatMap((panel) =>
    (panel.targets ?? []).map((target) => ({ panel, expr: (target as { expr?: string }).expr ?? '' })),
  )
  const shaded = (dashboard.annotations?.list ?? []).map(({ expr = '' }) => ({ expr }))
  return [...asked, ...shaded]
}

/** A table of every metric that something reads: the recorded series, panels and alerts that do. */
export function usesTable(): string {
  const uses = new Map<string, [records: Set<string>, panels: Set<string>, alerts: Set<string>]>()
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
  for (const dashboard of dashboards()) {
    for (const { panel, expr } of queriesOf(dashboard)) note(expr, 1, `${dashboard.uid}: ${panel?.title ?? 'shading'}`)
  }
  const rows = [...uses]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, users]) => [`\`${name}\``, ...users.map((names) => [...names].join(', '))])
  return table(['metric', 'recorded series', 'panels', 'alerts'], rows)
}

function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}
