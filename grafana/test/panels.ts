// Asks a running Prometheus everything that the dashboards ask, as Grafana would, and says what is wrong with the
// answers. By hand: node scripts/node26.cjs grafana/test/panels.ts http://127.0.0.1:9090 '{"during":{"from":1,"to":2}}'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { dashboards } from '../src/all.ts'
import { queriesOf } from '../src/uses.ts'
import { about, mayBeEmpty } from './moves.ts'

/** Seconds since 1970. */
export type Range = { from: number; to: number }
/**
 * What happened when: nothing; load alone; load and an outage; load after the recovery; guessed passwords and forged
 * tokens. `during` ends while the fault is still on. What is left out is not judged.
 */
export type Story = Partial<Record<'idle' | 'before' | 'during' | 'after' | 'attack', Range>>

type Series = { metric: Record<string, string>; values?: [number, string][]; value?: [number, string] }
type Query = { dashboard: string; panel?: Panel; expr: string; instant: boolean }

const mostSeries = 20
const screen = 1280 // as many points as pixels
const scrapeSeconds = 1

/** Every query over every range of the story, and over the usual time ranges until its end. */
export async function checkPanels(url: string, story: Story): Promise<{ queries: number; failures: string[] }> {
  const failures: string[] = []
  const queries = dashboards().flatMap((dashboard) =>
    queriesOf(dashboard)
      .filter(({ expr }) => expr !== '')
      .map(
        ({ panel, expr }): Query => ({ dashboard: dashboard.uid ?? '', panel, expr, instant: isInstant(panel, expr) }),
      ),
  )
  let asked = 0
  const fail = (query: Query, what: string) => failures.push(`${nameOf(query)}: ${what}: ${query.expr}`)

  async function answers(query: Query, range: Range): Promise<Series[]> {
    asked++
    const result = await ask(url, query, range).catch((error: Error) => error)
    if (!(result instanceof Error)) {
      const bad = result.flatMap(valuesOf).find((value) => !Number.isFinite(value))
      if (bad !== undefined) fail(query, `has the value ${bad}`)
      return result
    }
    fail(query, result.message)
    return []
  }

  const seen = new Map<string, number>() // what each panel showed in each part of the story
  for (const [part, range] of Object.entries(story)) {
    const series = new Map<string, number>()
    for (const query of queries) {
      const result = await answers(query, range)
      if (result.length === 0 && !mayBeEmpty.some((pattern) => pattern.test(query.expr))) fail(query, `no data ${part}`)
      if (!query.panel) continue
      const panel = nameOf(query)
      series.set(panel, (series.get(panel) ?? 0) + result.length)
      seen.set(`${panel} ${part}`, (seen.get(`${panel} ${part}`) ?? 0) + weight(query.expr, result))
    }
    for (const [panel, count] of series) {
      if (count > mostSeries) failures.push(`${panel}: ${count} series ${part}`)
      if (count === 0 && !(panel === 'outage, How long it took' && part !== 'after'))
        failures.push(`${panel}: empty ${part}`)
    }
  }

  const to = Math.max(...Object.values(story).map((range) => range.to))
  for (const seconds of [15 * 60, 6 * 3600, 2 * 86_400]) {
    for (const query of queries) await answers(query, { from: to - seconds, to })
  }

  for (const [event, [one, other]] of Object.entries({
    load: ['idle', 'before'],
    outage: ['before', 'during'],
    attack: ['after', 'attack'],
  } as const)) {
    if (!story[one] || !story[other]) continue
    for (const panel of about[event as keyof typeof about]) {
      const [was = Number.NaN, is = Number.NaN] = [seen.get(`${panel} ${one}`), seen.get(`${panel} ${other}`)]
      // A twentieth is less than any of these events changes, and more than a picture of nothing would.
      if (!(Math.abs(is - was) > Math.abs(was) / 20))
        failures.push(`${panel}: does not move at the ${event} (${was}, ${is})`)
    }
  }
  return { queries: asked, failures }
}

const nameOf = ({ dashboard, panel }: Query) => `${dashboard}, ${panel?.title ?? 'shading'}`

function isInstant(panel: Panel | undefined, expr: string): boolean {
  const targets = (panel?.targets ?? []) as { expr?: string; instant?: boolean }[]
  return targets.some((target) => target.expr === expr && target.instant === true)
}

async function ask(url: string, { expr, instant }: Query, { from, to }: Range): Promise<Series[]> {
  const step = Math.max(scrapeSeconds, Math.ceil((to - from) / screen))
  // Grafana's own arithmetic: at least four scrapes, so that a rate has something to go by.
  const rateInterval = Math.max(step + scrapeSeconds, 4 * scrapeSeconds)
  const query = expr
    .replaceAll('$__rate_interval', `${rateInterval}s`)
    .replaceAll('$__interval', `${step}s`)
    .replaceAll('$__range', `${to - from}s`)
  const when = instant ? { time: to } : { start: Math.floor(from / step) * step, end: to, step }
  const body = new URLSearchParams(Object.entries({ query, ...when }).map(([key, value]) => [key, String(value)]))
  const response = await fetch(`${url}/api/v1/${instant ? 'query' : 'query_range'}`, { method: 'POST', body })
  const answer = (await response.json()) as { status: string; error?: string; data: { result: Series[] } }
  if (answer.status !== 'success') throw new Error(`Prometheus says ${answer.error}`)
  return answer.data.result
}

const valuesOf = ({ values, value }: Series) => (values ?? (value ? [value] : [])).map(([, text]) => Number(text))

// One number for what a query shows; words count by which series there are, for their values are always 1.
function weight(expr: string, result: Series[]): number {
  const mean = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length
  const sum = result.reduce((total, series) => total + mean(valuesOf(series)), 0)
  return /ALERTS|lab_phase|== 1/.test(expr) ? sum * (1 + expr.length / 1000) : sum
}

if (process.argv[1] === import.meta.filename) {
  const [, , url = 'http://127.0.0.1:9090', story = '{}'] = process.argv
  const { queries, failures } = await checkPanels(url, JSON.parse(story))
  for (const failure of failures) console.log(failure)
  console.log(`${queries} queries, ${failures.length} failures`)
  process.exitCode = failures.length > 0 ? 1 : 0
}
