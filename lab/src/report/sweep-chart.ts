import { type SweepPoint, sweptVoices, thresholds, windows } from '../anomalies/sweep.ts'
import { type Html, html } from './html.ts'
import { number } from './numbers.ts'

const width = 640
const left = 60
const right = width - 16
const panel = { height: 90, gap: 40, top: 22 }
const dashes = ['', '7 4', '2 3']

type Panel = { title: string; least: number; value: (point: SweepPoint) => number | null }
const panels: Panel[] = [
  { title: 'false alarms per hour', least: 1, value: ({ false_alarms_per_hour }) => false_alarms_per_hour },
  { title: 'faults found, %', least: 100, value: ({ recall }) => recall && recall * 100 },
  { title: 'mean delay of those found, s', least: 3, value: ({ mean_delay_s }) => mean_delay_s },
]

/** Three panels over one axis of thresholds: what a higher one saves in false alarms, and what it costs. */
export function sweepChart(points: SweepPoint[]): Html {
  const bottom = panelTop(panels.length) - panel.gap
  return html`<figure id="sweep">
<figcaption><strong>Threshold and window</strong><span class="says">What each setting of the detector would have done in this
run. A higher threshold buys fewer false alarms; the price is delay, and at last faults that nobody notices (a line ends).</span></figcaption>
<svg viewBox="0 0 ${width} ${bottom + 84}" width="100%" role="img" aria-label="False alarms, faults found and delay for each threshold and window">
${panels.map((one, i) => drawPanel(points, one, panelTop(i)))}
${thresholds.map((one, i) => html`<text x="${x(i)}" y="${bottom + 16}" text-anchor="middle">${one}</text>`)}
<text x="${(left + right) / 2}" y="${bottom + 34}" text-anchor="middle">threshold, in deviations</text>
${sweptVoices.map((name, v) => key(v * 190, bottom + 58, name, v, ''))}
${windows.map((window, w) => key(w * 190, bottom + 76, `${window} s window`, sweptVoices.length, dashes[w]))}
</svg></figure>`
}

function x(index: number): number {
  return left + ((right - left) * index) / (thresholds.length - 1)
}

function panelTop(index: number): number {
  return panel.top + index * (panel.height + panel.gap)
}

function drawPanel(points: SweepPoint[], { title, least, value }: Panel, top: number): Html {
  const most = Math.max(least, ...points.map((one) => value(one) ?? 0))
  const y = (one: number) => (top + panel.height * (1 - one / most)).toFixed(1)
  const line = (detector: string, window: number) =>
    points
      .filter((one) => one.detector === detector && one.window === window)
      .flatMap((one) => {
        const reached = value(one)
        return reached === null ? [] : [`${x(thresholds.indexOf(one.threshold)).toFixed(1)},${y(reached)}`]
      })
      .join(' ')
  return html`<text x="${left}" y="${top - 8}">${title}</text>
${[0, most / 2, most].map(
  (one) => html`<line x1="${left}" x2="${right}" y1="${y(one)}" y2="${y(one)}" class="grid" />
<text x="${left - 8}" y="${y(one)}" dy="4" text-anchor="end">${number(one)}</text>
`,
)}${sweptVoices.map((detector, v) =>
  windows.map(
    (
      window,
      w,
    ) => html`<polyline points="${line(detector, window)}" class="detector-${v}" stroke-dasharray="${dashes[w]}" />
`,
  ),
)}`
}

function key(at: number, y: number, name: string, detector: number, dash = ''): Html {
  return html`<line x1="${left + at}" x2="${left + at + 28}" y1="${y - 4}" y2="${y - 4}" class="detector-${detector}" stroke-dasharray="${dash}" />
<text x="${left + at + 34}" y="${y}">${name}</text>
`
}
