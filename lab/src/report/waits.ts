import { constant, knee, meanWait } from '../models/queueing.ts'
import type { Journal } from '../runs/journal.ts'
import { type Html, html, number, trusted } from './html.ts'
import { numbersTable } from './tables.ts'

// Narrow, so that its words can be read on a telephone too; page.css limits how far it is enlarged.
const [width, height, left, right, bottom] = [420, 220, 44, 24, 30]

/** How long requests waited for each other at each load, beside what theory says: a chart and its numbers. */
export function waits({ waits = [] }: Journal): Html | false {
  if (waits.length === 0) return false
  const service = waits.reduce((sum, one) => sum + one.service_ms, 0) / waits.length / 1000
  const top = 1.1 * Math.max(...waits.map(({ measured_ms }) => measured_ms), 1)
  const at = (utilisation: number, ms: number) => {
    const y = height - bottom - (ms / top) * (height - bottom - 10)
    return `${(left + utilisation * (width - left - right)).toFixed(1)},${y.toFixed(1)}`
  }
  const md1 = Array.from({ length: 98 }, (_, i) => i / 100)
    .map((share) => [share, 1000 * meanWait(share / service, constant(service))] as const)
    .filter(([, ms]) => ms <= top)
    .map(([share, ms]) => at(share, ms))
  const [x] = at(knee(constant(service)), 0).split(',')
  const byUse = waits.toSorted((a, b) => a.utilisation - b.utilisation)
  const mg1 = byUse
    .filter(({ mg1_ms }) => mg1_ms !== null && mg1_ms <= top)
    .map((one) => at(one.utilisation, one.mg1_ms ?? 0))
  const dots = waits.map((one) => {
    const [x, y] = at(one.utilisation, one.measured_ms).split(',')
    return `<circle cx="${x}" cy="${y}" r="4" fill="var(--line-2)"/>`
  })
  const ink = 'fill="var(--muted)" font-size="12"'
  const ticks = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<text ${ink} x="${at(share, 0).split(',')[0]}" y="${height - 8}" text-anchor="middle">${100 * share} %</text>
<text ${ink} x="${left - 6}" y="${at(0, share * top).split(',')[1]}" text-anchor="end">${number(share * top)}</text>`,
  )
  const drawing = `<svg class="waits" viewBox="0 0 ${width} ${height}" width="100%" role="img" aria-label="Mean wait in ms against utilisation: measured points, theory as a line">
<path d="M${left},10 V${height - bottom} H${width - right}" fill="none" stroke="var(--grid)"/>${ticks.join('')}
<path d="M${x},10 V${height - bottom}" stroke="var(--muted)" stroke-dasharray="2 4"/><text ${ink} x="${x}" y="20" text-anchor="end">knee </text><text ${ink} x="${left + 4}" y="14">ms</text>
<polyline points="${md1.join(' ')}" fill="none" stroke="var(--line-1)" stroke-width="1.75"/>
<polyline points="${mg1.join(' ')}" fill="none" stroke="var(--line-3)" stroke-dasharray="6 4"/>${dots.join('')}</svg>`
  const rows = waits.map((one) => {
    const off = one.ideal_ms > 0 ? 100 * (one.measured_ms / one.ideal_ms - 1) : null
    const values = [100 * one.utilisation, one.service_ms, one.measured_ms, one.ideal_ms, off, one.md1_ms, one.mg1_ms]
    return [one.phase, ...values.map(number)]
  })
  const heads = [
    'phase',
    'utilisation %',
    'service ms',
    'mean wait ms',
    'ideal queue ms',
    'off by %',
    'M/D/1 ms',
    'M/G/1 ms',
  ]
  return html`<h2>Theory beside the measurement</h2>
<p class="says">Points: how long logins waited for each other, on average, against the share of the time in which the API is busy.
Line: M/D/1, random arrivals at one server that always takes as long. Dashed: M/G/1, service that varies as it was measured.
"Service": the time from one answer to the next while logins waited. "Ideal queue": the wait of exactly these arrivals at a server
that always takes so long, and somewhat longer for a login that wakes it up. A few hundred random arrivals can wait half or twice as long as
the formula says, by chance; the ideal queue had the same luck, so "off by" compares with it. At the knee a login waits as long as it is
served. The formulas hold for logins only: the API serves data requests in batches, and writes share a commit.</p>
${trusted(drawing)}
${numbersTable(heads, rows)}`
}
