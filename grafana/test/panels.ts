// Executes every query of the dashboards on a running Prometheus, as Grafana would, and reports what is wrong with the answers.
// By hand: node scripts/node26.cjs grafana/test/panels.ts http://127.0.0.1:9090 '{"during":{"from":1,"to":2}}'
import { pages } from '../src/all.ts'
import type { Line, Panel } from '../src/panels/panel.ts'
import { exprOf } from './queries.ts'

/** Seconds since 1970. */
export type Range = { from: number; to: number }
/**
 * When what happened: nothing; load alone; load and an outage; load after the recovery; guessed passwords and forged
 * tokens. `during` ends while the fault is still active. Missing parts are not judged.
 */
export type Story = Partial<Record<'idle' | 'before' | 'during' | 'after' | 'attack', Range>>

type Shown = { mean: number; most: number }
type Series = { metric: Record<string, string>; values?: [number, string][]; value?: [number, string] }
type Query = { dashboard: string; panel?: Panel; line: Pick<Line, 'expr' | 'mayBeEmpty'>; instant: boolean }

/** The parts of the story between which each event lies. A test should not bring about `saturation` of the generator or of the API. */
const events: Record<Panel['changesWith'], [was: keyof Story, is: keyof Story] | undefined> = {
  load: ['idle', 'before'],
  outage: ['before', 'during'],
  attack: ['after', 'attack'],
  saturation: undefined,
}
const mostSeries = 20
const screen = 1280 // as many points as pixels
const scrapeSeconds = 1

/** Executes every query over every range of the story, and over the usual time ranges until its end. */
export async function checkPanels(url: string, story: Story): Promise<{ queries: number; failures: string[] }> {
  const failures: string[] = []
  const queries = allQueries()
  let asked = 0
  const fail = (query: Query, what: string) => failures.push(`${nameOf(query)}: ${what}: ${query.line.expr}`)

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

  // The mean and the largest value of each series of each panel, in each part of the story.
  const seen = new Map<string, Map<string, Shown>>()
  for (const [part, range] of Object.entries(story)) {
    for (const query of queries) {
      const result = await answers(query, range)
      if (result.length === 0 && !query.line.mayBeEmpty) fail(query, `no data ${part}`)
      if (!query.panel) continue
      const shown = seen.get(`${nameOf(query)} ${part}`) ?? new Map<string, Shown>()
      for (const one of result) {
        const values = valuesOf(one)
        shown.set(`${query.line.expr} ${JSON.stringify(one.metric)}`, { mean: mean(values), most: Math.max(...values) })
      }
      seen.set(`${nameOf(query)} ${part}`, shown)
    }
  }
  const emptyBefore = new Set(queries.filter(({ panel }) => panel?.emptyBefore).map(nameOf))
  for (const [name, { size }] of seen) {
    if (size > mostSeries) failures.push(`${name}: ${size} series`)
    const mayBeEmpty = emptyBefore.has(name.replace(/ \w+$/, '')) && !name.endsWith(' during')
    if (size === 0 && !mayBeEmpty) failures.push(`${name}: empty`)
  }

  const to = Math.max(...Object.values(story).map((range) => range.to))
  for (const seconds of [5 * 60, 6 * 3600, 2 * 86_400]) {
    for (const query of queries) await answers(query, { from: to - seconds, to })
  }

  for (const query of new Map(queries.map((one) => [nameOf(one), one])).values()) {
    const [one, other] = (query.panel && events[query.panel.changesWith]) ?? []
    if (!one || !other || !story[one] || !story[other]) continue
    const [was, is] = [seen.get(`${nameOf(query)} ${one}`), seen.get(`${nameOf(query)} ${other}`)]
    if (!was || !is || !differ(was, is))
      failures.push(`${nameOf(query)}: does not change with the ${query.panel?.changesWith}`)
  }
  return { queries: asked, failures }
}

function allQueries(): Query[] {
  return pages().flatMap(({ dashboard, panels }) => {
    const uid = dashboard.uid ?? ''
    const lines = panels.flatMap((panel, index) => {
      const targets = (dashboard.panels as { targets?: { instant?: boolean }[] }[])[index + 1]?.targets ?? []
      return panel.lines.map(
        (line, i): Query => ({ dashboard: uid, panel, line, instant: targets[i]?.instant === true }),
      )
    })
    // No experiment runs: no band.
    const bands = dashboard.annotations?.list?.map(
      ({ target }): Query => ({
        dashboard: uid,
        line: { expr: exprOf(target), mayBeEmpty: exprOf(target).startsWith('lab_phase') },
        instant: false,
      }),
    )
    return [...lines, ...(bands ?? [])]
  })
}

const nameOf = ({ dashboard, panel }: Query) => `${dashboard}, ${panel?.title ?? 'bands'}`

async function ask(url: string, { line, instant }: Query, { from, to }: Range): Promise<Series[]> {
  const step = Math.max(scrapeSeconds, Math.ceil((to - from) / screen))
  // Grafana computes it so: at least four scrapes, because a rate needs several samples.
  const rateInterval = Math.max(step + scrapeSeconds, 4 * scrapeSeconds)
  const query = line.expr
    .replaceAll('$__rate_interval', `${rateInterval}s`)
    .replaceAll('$__interval', `${step}s`)
    .replaceAll('$__range', `${Math.round(to - from)}s`)
  const when = instant ? { time: to } : { start: Math.floor(from / step) * step, end: to, step }
  const body = new URLSearchParams(Object.entries({ query, ...when }).map(([key, value]) => [key, String(value)]))
  const response = await fetch(`${url}/api/v1/${instant ? 'query' : 'query_range'}`, { method: 'POST', body })
  const answer = (await response.json()) as { status: string; error?: string; data: { result: Series[] } }
  if (answer.status !== 'success') throw new Error(`Prometheus says ${answer.error}`)
  return answer.data.result
}

const valuesOf = ({ values, value }: Series) => (values ?? (value ? [value] : [])).map(([, text]) => Number(text))

const mean = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length

// By 5 % of the mean any of the events moves a panel, and noise less; one that lasts for a moment only, such as a flood under a
// load that has many connections itself, by half of the largest value.
function differ(was: Map<string, Shown>, is: Map<string, Shown>): boolean {
  return [...new Set([...was.keys(), ...is.keys()])].some((series) => {
    const [before, after] = [was.get(series), is.get(series)]
    if (before === undefined || after === undefined) return true
    const isFar = (one: keyof Shown, share: number) =>
      Math.abs(after[one] - before[one]) > share * Math.abs(before[one])
    return isFar('mean', 0.05) || isFar('most', 0.5)
  })
}

if (process.argv[1] === import.meta.filename) {
  const [, , url = 'http://127.0.0.1:9090', story = '{}'] = process.argv
  const { queries, failures } = await checkPanels(url, JSON.parse(story))
  for (const failure of failures) console.log(failure)
  console.log(`${queries} queries, ${failures.length} failures`)
  process.exitCode = failures.length > 0 ? 1 : 0
}
