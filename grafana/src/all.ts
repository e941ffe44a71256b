import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { anomalies } from './anomalies.ts'
import { clients } from './clients.ts'
import { logins } from './logins.ts'
import { outage } from './outage.ts'
import { overview } from './overview.ts'
import { time } from './time.ts'

/** Every dashboard, in the order in which a beginner should meet them; the first is the home page. */
export const dashboards = (): Dashboard[] => [overview(), outage(), time(), clients(), anomalies(), logins()]
