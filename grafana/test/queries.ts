import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'

/** The queries of a dashboard's panels and annotations. */
export function queriesOf(dashboard: Dashboard): string[] {
  const targets = ((dashboard.panels ?? []) as Panel[]).flatMap((panel) => panel.targets ?? [])
  const bands = dashboard.annotations?.list ?? []
  return [...targets, ...bands].map((query) => String((query as { expr?: string }).expr))
}
