// Asks a running Prometheus everything that the dashboards ask, as Grafana would, and says what is wrong with the
// answers. By hand: node scripts/node26.cjs grafana/test/panels.ts http://127.0.0.1:9090 '{"during":{"from":1,"to":2}}'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { dashboards } from '../src/all.ts'
import { queriesOf } from '../src/uses.ts'
import { about, events, mayBeEmpty, mayBeEmptyPanel } from './moves.ts'

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

  // What each series of each panel was on average, in each part of the story.
  const seen = new Map<string, Map<string, number>>()
  for (const [part, range] of Object.entries(story)) {
    for (const query of queries) {
      const result = await answers(query, range)
      if (result.length === 0 && !mayBeEmpty.some((pattern) => pattern.test(query.expr))) fail(query, `no data ${part}`)
      if (!query.panel) continue
      const shown = seen.get(`${nameOf(query)} ${part}`) ?? new Map<string, number>()
      for (const one of result) shown.set(`${query.expr} ${JSON.stringify(one.metric)}`, mean(valuesOf(one)))
      seen.set(`${nameOf(query)} ${part}`, shown)
    }
  }
  for (const [panel, { size }] of seen) {
    if (size > mostSeries) failures.push(`${panel}: ${size} series`)
    if (size === 0 && !mayBeEmptyPanel.test(panel)) failures.push(`${panel}: empty`)
  }

  const to = Math.max(...Object.values(story).map((range) => range.to))
  for (const seconds of [15 * 60, 6 * 3600, 2 * 86_400]) {
    for (const query of queries) await answers(query, { from: to - seconds, to })
  }

  for (const [event, parts] of Object.entries(events)) {
    const [one, other] = parts
    if (!story[one] || !story[other]) continue
    for (const panel of about[event as keyof typeof events]) {
      const [was, is] = [seen.get(`${panel} ${one}`), seen.get(`${panel} ${other}`)]
      if (!was || !is || !differ(was, is)) failures.push(`${panel}: does not move at the ${event}`)
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

const mean = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length

// A twentieth is less than any of the events changes, and more than a picture of nothing would.
function differ(was: Map<string, number>, is: Map<string, number>): boolean {
  return [...new Set([...was.keys(), ...is.keys()])].some((series) => {
    const [before, after] = [was.get(series), is.get(series)]
    return before === undefined || after === undefined || Math.abs(after - before) > Math.abs(before) / 20
  })
}

if (process.argv[1] === import.meta.filename) {
  const [, , url = 'http://127.0.0.1:9090', story = '{}'] = process.argv
  const { queries, failures } = await checkPanels(url, JSON.parse(story))
  for (const failure of failures) console.log(failure)
  console.log(`${queries} queries, ${failures.length} failures`)
  process.exitCode = failures.length > 0 ? 1 : 0
}
