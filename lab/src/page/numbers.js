// The numbers of the last second, and the charts of the last two minutes.
import { html, nothing } from './lit-html.js'
import { above0, axis, fill, logScale, series, short, strip, stripHeight } from './plot.js'

const count = (value) => value.toLocaleString('en')

const isSlow = ({ p95, goal }) => goal && p95 >= goal.latency_ms

/** The last second in plain words, and the phase of a lesson's run. */
export function headline({ seconds, state }) {
  const now = seconds.at(-1)
  if (!now || !state) return ''
  const { playing, rate } = state
  if (!playing) return lastSecond(now, rate)
  if (!playing.phase)
    return 'Lesson: an API of its own is started, and where the load depends on it, its capacity is measured.'
  if (playing.phase.rate === 0) return `Lesson: ${playing.phase.words}`
  return `Lesson: ${playing.phase.name}, ${count(Math.round(playing.phase.rate))} requests/s. ${lastSecond(now, playing.phase.rate)}`
}

function lastSecond({ good, failed, p95, goal, waiting }, rate) {
  const all = good + failed
  if (all === 0 && waiting === 0)
    return rate === 0
      ? 'No load. Move the slider: requests begin to travel.'
      : 'No request has ended in the last second.'
  if (p95 === null)
    return `No request is answered: ${count(waiting)} wait${failed > 0 ? ', and the lab lets no more wait' : ''}.`
  const ended = `${count(all)} requests that ended in the last second`
  if (good === 0) return `None of the ${ended} was served.`
  const speed = isSlow({ p95, goal })
    ? `5 of 100 waited longer than ${short(p95)} ms: too slow`
    : `95 of 100 within ${short(p95)} ms`
  return `${failed === 0 ? 'All' : `${count(good)} of the`} ${ended} were served; ${speed}.`
}

const isFailing = ({ failed }) => failed > 0
const asked = ({ offered, sent }) => (sent > 1.05 * offered ? `asked for, ${count(sent)} sent` : 'clients ask for')
const goalWords = ({ goal }) =>
  goal ? `goal up to ${count(goal.rate)}/s: ${goal.latency_ms}\u00a0ms` : '95 of 100 are faster'
const itself = ({ health }) => (health === 'none' ? 'silent' : health.replace('_', '-'))
// Name, unit, in plain words, its word in the glossary, the value, and whether that is bad.
const numbers = [
  ['Offered', '/s', asked, 'rate', ({ offered }) => count(offered)],
  ['Goodput', '/s', () => '2xx before the client gives up', 'goodput', ({ good }) => count(good), isFailing],
  ['Failed', '/s', () => 'get an error or nothing', 'error-ratio', ({ failed }) => count(failed), isFailing],
  ['p50', ' ms', () => 'half are faster', 'p95', ({ p50 }) => short(p50)],
  ['p95', ' ms', goalWords, 'p95', ({ p95 }) => short(p95), isSlow],
  ['p99', ' ms', () => '99 of 100 are faster', 'p95', ({ p99 }) => short(p99)],
  ['In flight', '', () => 'wait for their answer', 'in-flight', ({ waiting }) => count(waiting)],
  ['/health', '', () => 'the API about itself', 'degraded', itself, ({ health }) => health !== 'ok'],
]

/** A button that shows what a word means, as the glossary says it. */
export function explain(name, word, { words }) {
  const found = words.find(({ id }) => id === word)
  return html`<button type="button" class="why" popovertarget=${`why-${word}-${name}`} aria-label="What ${name} means">?</button>
    <div popover id=${`why-${word}-${name}`}><b>${found?.word}</b><p>${found?.meaning}</p></div>`
}

export function tiles({ seconds, words }) {
  const now = seconds.at(-1)
  if (!now) return nothing
  return html`<h2>Numbers <span class="quiet">of the last second</span></h2>
    <ul class="tiles">${numbers.map(([name, unit, says, word, value, isBad]) => {
      return html`<li class=${isBad?.(now) ? 'bad' : ''}>
        <span class="name">${name} ${explain(name, word, { words })}</span>
        <span class="value">${value(now)}<small>${unit}</small></span>
        <span class="quiet">${says(now)}</span>
      </li>`
    })}</ul>`
}

const usual = [-120, -60, 0]
const ofMystery = [0, 10, 20, 30, 40, 50]
let marks = usual
const fromZero = { scale: { range: (_, _min, max) => [0, Math.max(10, max * 1.08)] } }
const isFault = ({ fault }) => fault
const charts = [
  {
    id: 'traffic',
    says: isFault,
    lines: [
      { name: 'attempts', paint: '--line-3', of: ({ sent }) => sent },
      { name: 'offered', paint: '--line-5', of: ({ offered }) => offered, dash: [5, 4] },
      { name: 'goodput', paint: '--pass', of: ({ good }) => good },
      { name: 'failed', paint: '--fail', of: ({ failed }) => failed },
      { name: 'abandoned', paint: '--fail', of: ({ abandoned }) => abandoned, dash: [2, 3] },
    ],
    y: fromZero,
  },
  {
    id: 'latency',
    says: isFault,
    lines: [
      { name: 'p50', paint: '--line-1', of: ({ p50 }) => above0(p50) },
      { name: 'p95', paint: '--line-2', of: ({ p95 }) => above0(p95) },
      { name: 'p99', paint: '--line-3', of: ({ p99 }) => above0(p99) },
      { name: 'goal', paint: '--fail', of: ({ goal }) => goal?.latency_ms ?? null, dash: [2, 4] },
    ],
    y: logScale,
  },
  {
    id: 'flight',
    says: (second) => second.health !== 'ok' && itself(second),
    lines: [{ name: 'in flight', paint: '--line-1', of: ({ waiting }) => waiting }],
    y: fromZero,
  },
]
let plots = []

/** Draws the charts, anew where the size or the theme has changed. */
export function drawCharts({ seconds, state }, isAnew = false) {
  if (!state) return
  if (isAnew) for (const { plot } of plots) plot.destroy()
  if (isAnew || plots.length === 0) plots = charts.map((chart) => ({ chart, plot: create(chart) }))
  // The seconds of a mystery count from its beginning: what went wrong since when is asked.
  const { from } = state.mystery ?? {}
  marks = from ? ofMystery : usual
  const zero = from ?? seconds.at(-1)?.at ?? 0
  const x = seconds.map(({ at }) => (at - zero) / 1000)
  for (const { chart, plot } of plots) {
    plot.faults = spansOf(isFault, seconds, x)
    plot.said = spansOf(chart.says, seconds, x)
    plot.setData([x, ...chart.lines.map(({ of }) => seconds.map((one) => of(one)))])
  }
}

/** Spans of seconds with the same name; none where they have no name. */
function spansOf(nameOf, seconds, x) {
  const spans = []
  seconds.forEach((second, i) => {
    const [name, span] = [nameOf(second), spans.at(-1)]
    if (name && span?.name === name && span.to === x[i - 1]) span.to = x[i]
    else if (name) spans.push({ name, from: x[i] - 1, to: x[i] })
  })
  return spans
}

function create({ id, lines, y }) {
  const place = document.getElementById(id)
  const options = {
    width: place.clientWidth,
    height: 140,
    legend: { live: false },
    padding: [stripHeight + 2, 14, 0, 0],
    cursor: { show: false },
    scales: { x: { time: false, range: () => [marks[0], marks.at(-1)] }, y: y.scale },
    axes: [
      axis({ size: 24, splits: () => marks, values: (_, at) => at.map((one) => `${one} s`) }),
      axis({ size: 46, ...y.marks }),
    ],
    series: [{}, ...lines.map(({ name, paint, dash }) => series(name, paint, { dash, points: { show: false } }))],
    hooks: { drawClear: [shade] },
  }
  return new uPlot(options, [[], ...lines.map(() => [])], place)
}

function shade(u) {
  u.ctx.save()
  for (const span of u.faults ?? []) fill(u, span, '--fault', u.bbox.top, u.bbox.height)
  for (const span of u.said ?? []) strip(u, span, '--fault-strip', span.name, '--fault-text')
  u.ctx.restore()
}
