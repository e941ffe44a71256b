import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { overview } from './overview.ts'

/** Every dashboard, in the order in which a beginner should meet them; the first is the home page. */
export const dashboards = (): Dashboard[] => [overview()]
