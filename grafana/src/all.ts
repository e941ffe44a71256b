import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { anomalies } from './dashboards/anomalies.ts'
import { attacks } from './dashboards/attacks.ts'
import { clients } from './dashboards/clients.ts'
import { glossary } from './dashboards/glossary.ts'
import { logins } from './dashboards/logins.ts'
import { outage } from './dashboards/outage.ts'
import { overview } from './dashboards/overview.ts'
import { runbook } from './dashboards/runbook.ts'
import { time } from './dashboards/time.ts'
import type { Page } from './page.ts'

/** The dashboards with data; the first is the home page. */
export const pages = (): Page[] => [overview(), outage(), time(), clients(), anomalies(), logins(), attacks()]

export const dashboards = (): Dashboard[] => [...pages().map(({ dashboard }) => dashboard), runbook(), glossary()]
