import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { anomalies } from './dashboards/anomalies.ts'
import { attacks } from './dashboards/attacks.ts'
import { clients } from './dashboards/clients.ts'
import { logins } from './dashboards/logins.ts'
import { outage } from './dashboards/outage.ts'
import { overview } from './dashboards/overview.ts'
import { time } from './dashboards/time.ts'

/** Every dashboard, in the order in which a beginner should meet them; the first is the home page. */
export const dashboards = (): Dashboard[] => [overview(), outage(), time(), clients(), anomalies(), logins(), attacks()]
