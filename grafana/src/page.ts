import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  type AnnotationQuery,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  type DashboardLink,
  DashboardLinkType,
  type Panel as GrafanaPanel,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { colors } from './colors.ts'
import { type Built, type Panel, prometheus } from './panels/panel.ts'
import { text } from './panels/text.ts'

/** A dashboard and the descriptions of its panels with data. */
export type Page = { dashboard: Dashboard; panels: Panel[] }

/** The dashboards' addresses and short names, in the order in which a beginner should meet them. */
export const names = {
  overview: 'Service',
  outage: 'Outage',
  time: 'Time',
  clients: 'Client and server',
  anomalies: 'Anomalies',
  logins: 'Logins',
  attacks: 'Attacks',
  runbook: 'Runbook',
  glossary: 'Glossary',
}
export type Name = keyof typeof names
const order = Object.keys(names) as Name[]

// Plain objects: the builders of links and annotations write `placement: inControlsMenu`, which hides them in Grafana 13.
const links = order.map(
  (uid, index): DashboardLink => ({
    title: `${index + 1} ${names[uid]}`,
    type: DashboardLinkType.Link,
    url: `/d/${uid}`,
    icon: '',
    tooltip: '',
    tags: [],
    asDropdown: false,
    targetBlank: false,
    includeVars: true,
    keepTime: true,
  }),
)
const bands = 'Pink bands: an injected fault. Blue bands: load.'

/** A dashboard of data: its question, one paragraph on how to read it, and its panels from left to right, top to bottom. */
export function page(uid: Name, question: string, howToRead: string, panels: Built[]): Page {
  const builders = [text(`${howToRead} ${bands}`, 3), ...panels.map(({ builder }) => builder)]
  return { dashboard: dashboard(uid, question, builders), panels }
}

export function dashboard(uid: Name, title: string, panels: Builder<GrafanaPanel>[]): Dashboard {
  const builder = new DashboardBuilder(`${order.indexOf(uid) + 1}. ${title}`)
    .uid(uid)
    .tags(['systems-thinking-lab'])
    .readonly()
    .time({ from: 'now-5m', to: 'now' })
    .refresh('5s')
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
  for (const panel of panels) builder.withPanel(panel)
  const made = builder.build()
  for (const [index, panel] of made.panels?.entries() ?? []) panel.id = index + 1
  const list = [
    band('Fault (pink)', 'lab_fault_active', 'fault: {{kind}}', colors.fault),
    band('Load (blue)', 'lab_phase{experiment!="none"}', '{{experiment}}: {{phase}}', colors.load),
  ]
  // Grafana 10 and later read schema 39 without a migration. The id is assigned by Grafana's database.
  return { ...made, id: null, schemaVersion: 39, templating: { list: [] }, links, annotations: { list } }
}

// Grafana draws a series that is 1 for a while as a band of that length.
function band(name: string, expr: string, titleFormat: string, iconColor: string): AnnotationQuery {
  const target = new DataqueryBuilder().refId('Anno').expr(expr).interval('1s').range().build()
  return { name, datasource: prometheus, enable: true, hide: false, iconColor, titleFormat, target }
}
