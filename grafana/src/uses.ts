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

/** A table of every metric, and the dashboards and alerts that read it, directly or through a recorded series. */
export function usesTable(): string {
  const recorded = Map.groupBy(rules(), ({ record }) => record)
  // Some recorded series read each other, so each is followed once.
  function metricsIn(expr: string, followed = new Set<string>()): string[] {
    return seriesIn(expr).flatMap((series) => {
      const recordings = recorded.get(series)
      if (recordings === undefined) return [metricOf(series)]
      if (followed.has(series)) return []
      followed.add(series)
      return recordings.flatMap((rule) => metricsIn(rule.expr, followed))
    })
  }
  const uses = new Map<string, [dashboards: Set<string>, alerts: Set<string>]>()
  const note = (expr: string, column: 0 | 1, user: string) => {
    for (const metric of metricsIn(expr)) {
      if (!uses.has(metric)) uses.set(metric, [new Set(), new Set()])
      uses.get(metric)?.[column].add(user)
    }
  }
  const pages = dashboards()
  for (const page of pages) for (const expr of queriesOf(page)) note(expr, 0, String(page.uid))
  for (const { alert, expr } of rules()) if (alert) note(expr, 1, alert)
  const words = (names: Set<string>) => (names.size === pages.length ? 'all' : [...names].join(', '))
  const rows = [...uses]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, users]) => [`\`${name}\``, ...users.map(words)])
  const head = ['metric', 'dashboards', 'alerts']
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}
