import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'

export const exprOf = (query: unknown) => String((query as { expr?: string }).expr)

/** The queries of a dashboard's panels and annotations. */
export function queriesOf(dashboard: Dashboard): string[] {
  const targets = ((dashboard.panels ?? []) as Panel[]).flatMap((panel) => panel.targets ?? [])
  const bands = dashboard.annotations?.list?.map(({ target }) => target) ?? []
  return [...targets, ...bands].map(exprOf)
}
