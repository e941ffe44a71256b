import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { colors } from './colors.ts'
import { prometheus } from './panels/panel.ts'

/** The dashboards' addresses and short names, in the order in which a beginner should meet them. */
const names = {
  overview: 'Service',
  outage: 'Outage',
  time: 'Time',
  clients: 'Client and server',
  anomalies: 'Anomalies',
  logins: 'Logins',
  attacks: 'Attacks',
}
const links = Object.entries(names).map(([uid, name]) =>
  new DashboardLinkBuilder(name).type(DashboardLinkType.Link).url(`/d/${uid}`).keepTime(true).includeVars(true),
)

/** A dashboard: one question, its panels from left to right and top to bottom, the faults and phases shaded on all. */
export function page(uid: keyof typeof names, question: string, panels: Builder<Panel>[]): Dashboard {
  const builder = new DashboardBuilder(question)
    .uid(uid)
    .readonly()
    .time({ from: 'now-15m', to: 'now' })
    .refresh('5s')
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .links(links)
    .annotation(band('Faults', 'lab_fault_active', 'fault: {{kind}}', colors.fault))
    .annotation(band('Phases', 'lab_phase{experiment!="none"}', '{{experiment}}: {{phase}}', colors.phase))
  for (const panel of panels) builder.withPanel(panel)
  const dashboard = builder.build()
  for (const [index, panel] of dashboard.panels?.entries() ?? []) panel.id = index + 1
  // 39 is the newest that every Grafana from 10 on takes without migrating; the id is the database's business.
  return { ...dashboard, id: null, schemaVersion: 39, templating: { list: [] } }
}

// A series that is 1 for a while is drawn as a band of that length. Grafana 13 reads the target; older ones read expr
// and step, and join what lies less than a step apart.
function band(name: string, expr: string, title: string, color: string): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(prometheus)
    .enable(true)
    .iconColor(color)
    .expr(expr)
    .step('10s')
    .titleFormat(title)
    .target(new DataqueryBuilder().refId('Anno').expr(expr).interval('1s').range())
}
