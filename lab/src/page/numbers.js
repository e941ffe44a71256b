// The numbers of the last second, and the charts of the last two minutes.
import { html, nothing } from './lit-html.js'
import { axis, color, fill, logScale, short, strip, stripHeight } from './plot.js'

const count = (value) => value.toLocaleString('en')

/** The last second in plain words. */
export function headline({ seconds, state }) {
  const now = seconds.at(-1)
  if (!now || !state) return ''
  const { good, failed, p50, p95, waiting } = now
  if (good + failed === 0 && state.rate === 0)
    return 'Nobody asks for anything. Move the slider: requests begin to travel.'
  if (good + failed === 0) return `Requests are sent, and no answer comes: ${count(waiting)} wait.`
  const isQuick = p95 < state.goal.latency_ms
  const speed = isQuick ? `95 of 100 within ${short(p95)} ms` : `5 of 100 waited longer than ${short(p95)} ms: too slow`
  if (good === 0) return `Nobody is served: all ${count(failed)} requests of the last second failed, ${speed}.`
  if (failed > 0) return `${count(good)} requests of the last second were served, ${count(failed)} failed; ${speed}.`
  if (!isQuick) return `All ${count(good)} requests of the last second were served, but ${speed}.`
  return `All is well: all ${count(good)} requests of the last second were served, half within ${short(p50)} ms, ${speed}.`
}

const numbers = [
  {
    name: 'Offered',
    unit: '/s',
    says: ({ offered, sent }) => (sent > 1.05 * offered ? `asked for, ${count(sent)} sent` : 'clients ask for'),
    word: 'rate',
    of: ({ offered }) => count(offered),
  },
  {
    name: 'Goodput',
    unit: '/s',
    says: 'are served',
    word: 'goodput',
    of: ({ good }) => count(good),
    isBad: ({ failed }) => failed > 0,
  },
  {
    name: 'Failed',
    unit: '/s',
    says: 'get an error or nothing',
    word: 'error-ratio',
    of: ({ failed }) => count(failed),
    isBad: ({ failed }) => failed > 0,
  },
  { name: 'p50', unit: ' ms', says: 'half are faster', word: 'p95', of: ({ p50 }) => short(p50) },
  {
    name: 'p95',
    unit: ' ms',
    says: '95 of 100 are faster',
    word: 'p95',
    of: ({ p95 }) => short(p95),
    isBad: ({ p95 }, goal) => p95 >= goal.latency_ms,
  },
  { name: 'p99', unit: ' ms', says: '99 of 100 are faster', word: 'p95', of: ({ p99 }) => short(p99) },
  {
    name: 'In flight',
    unit: '',
    says: 'wait for their answer',
    word: 'in-flight',
    of: ({ waiting }) => count(waiting),
  },
  {
    name: '/health',
    unit: '',
    says: 'the API about itself',
    word: 'degraded',
    of: ({ health }) => (health === 'none' ? 'silent' : health.replace('_', '-')),
    isBad: ({ health }) => health !== 'ok',
  },
]

export function tiles({ seconds, state, words }) {
  const now = seconds.at(-1)
  return html`<h2>Numbers <span class="quiet">of the last second</span></h2>
    <ul class="tiles">${numbers.map(({ name, unit, says, of, isBad, word }, i) => {
      const found = words.find(({ id }) => id === word)
      return html`<li class=${now && isBad?.(now, state.goal) ? 'bad' : ''}>
        <span class="name">${name} <button class="why" popovertarget="why-${i}" aria-label="What ${name} means">?</button></span>
        <span class="value">${now ? of(now) : '–'}<small>${now ? unit : ''}</small></span>
        <span class="quiet">${typeof says === 'string' ? says : now ? says(now) : ''}</span>
        ${found ? html`<div popover id="why-${i}"><b>${found.word}</b><p>${found.meaning}</p></div>` : nothing}
      </li>`
    })}</ul>`
}

const span = 120
const charts = [
  {
    id: 'traffic',
    title: 'Requests per second',
    lines: [
      { name: 'offered', paint: '--line-5', of: ({ offered }) => offered, dash: [5, 4] },
      { name: 'goodput', paint: '--pass', of: ({ good }) => good },
      { name: 'failed', paint: '--fail', of: ({ failed }) => failed },
    ],
    y: { scale: { range: (_, _min, max) => [0, Math.max(10, max * 1.08)] } },
  },
  {
    id: 'latency',
    title: 'Latency in ms, each step ten times the last',
    lines: [
      { name: 'p50', paint: '--line-1', of: ({ p50 }) => p50 },
      { name: 'p95', paint: '--line-2', of: ({ p95 }) => p95 },
      { name: 'p99', paint: '--line-3', of: ({ p99 }) => p99 },
      { name: 'goal of p95', paint: '--fail', of: (_, goal) => goal.latency_ms, dash: [2, 4] },
    ],
    y: logScale,
  },
]
let plots = []

/** Draws the charts, anew where the size or the theme has changed. */
export function drawCharts({ seconds, state }, isAnew = false) {
  if (!state) return
  if (isAnew) for (const { plot } of plots) plot.destroy()
  if (isAnew || plots.length === 0) plots = charts.map((chart) => ({ chart, plot: create(chart) }))
  const end = Math.max(seconds.at(-1)?.at ?? 0, Date.now() - 2_000)
  const x = seconds.map(({ at }) => (at - end) / 1000)
  for (const { chart, plot } of plots) {
    plot.faults = faultsIn(seconds, x)
    const values = chart.lines.map(({ of }) => seconds.map((one) => of(one, state.goal)))
    // A logarithmic scale has no place for 0.
    plot.setData([
      x,
      ...values.map((line) => line.map((one) => (chart.y === logScale && one !== null ? Math.max(0.1, one) : one))),
    ])
  }
}

function faultsIn(seconds, x) {
  const bands = []
  seconds.forEach(({ fault }, i) => {
    const band = bands.at(-1)
    if (fault && band?.name === fault && band.to === x[i - 1]) band.to = x[i]
    else if (fault) bands.push({ name: fault, from: x[i] - 1, to: x[i] })
  })
  return bands
}

function create({ id, title, lines, y }) {
  const place = document.getElementById(id)
  document.getElementById(`${id}-caption`).textContent = title
  const options = {
    width: place.clientWidth,
    height: 150,
    padding: [stripHeight + 2, 14, 0, 0],
    cursor: { sync: { key: 'live' }, drag: { x: false } },
    scales: { x: { time: false, range: [-span, 0] }, y: y.scale },
    axes: [
      axis({
        size: 24,
        splits: () => [-120, -90, -60, -30, 0],
        values: (_, at) => at.map((one) => (one ? `${one} s` : 'now')),
      }),
      axis({ size: 46, ...y.marks }),
    ],
    series: [
      { label: 'when', value: (_, value) => (value == null ? '' : `${Math.round(value)} s`) },
      ...lines.map(({ name, paint, dash }) => ({
        label: name,
        stroke: color(paint),
        width: 1.75,
        dash,
        points: { show: false },
        value: (_, value) => short(value),
      })),
    ],
    hooks: { drawClear: [shade] },
  }
  return new uPlot(options, [[], ...lines.map(() => [])], place)
}

function shade(u) {
  u.ctx.save()
  for (const band of u.faults ?? []) {
    strip(u, band, '--fault-strip', band.name, '--fault-text')
    fill(u, band, '--fault', u.bbox.top, u.bbox.height)
  }
  u.ctx.restore()
}
