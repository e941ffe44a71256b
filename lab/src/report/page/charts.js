// Draws the charts of the report from the data in the page, with uPlot. All share one time axis and one cursor.
const data = JSON.parse(document.getElementById('data').textContent)
const end = Math.max(0, ...data.phases.map((phase) => phase.to), (data.seconds.at(-1) ?? 0) + 1)
// On a phone the names of the lanes stand in the legend only.
const isWide = () => innerWidth > 640

/** 75 → 1:15 */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`

const xAxis = () =>
  axis({ size: 30, incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600], values: (_, at) => at.map(clock) })

/** For each scale: the range of the y axis, and where its marks stand. */
const scales = {
  linear: () => ({ scale: { range: (_, _min, max) => [0, Math.max(1, max * 1.08)] } }),
  log: () => logScale,
  lanes: (lines) => ({
    scale: { range: [0, lines.length] },
    marks: {
      grid: { show: false },
      splits: () => lines.map((_, i) => i + 0.5),
      values: () => lines.map(({ name }) => (isWide() ? name : '')).reverse(),
    },
  }),
  scores: () => ({ scale: { range: [-21, 21] }, marks: { splits: () => [-20, -10, 0, 10, 20] } }),
}

const steps = uPlot.paths.stepped({ align: 1 })
const isStepped = (chart) => chart.scale === 'linear' || chart.scale === 'lanes'

/** Lanes from top to bottom: a line's 0 and 1 become the lower and upper edge of its lane. */
function lane(line, i, count) {
  const base = count - 1 - i + 0.12
  const paint = color(i === 0 ? '--fault-line' : `--line-${i + 1}`)
  return {
    values: line.values.map((one) => (one === null ? null : base + one * 0.76)),
    series: {
      label: line.name,
      stroke: paint,
      fill: paint,
      paths: steps,
      fillTo: () => base,
      points: { show: false },
      value: (_, value) => (value == null ? '–' : value > base ? 'yes' : 'no'),
    },
  }
}

function curve(chart, line, i) {
  return {
    values: chart.scale === 'log' ? line.values.map(above0) : line.values,
    series: series(line.name, `--line-${(i % 6) + 1}`, {
      paths: isStepped(chart) ? steps : undefined,
      dash: line.dash ? [6, 4] : undefined,
      points: { show: line.values.length < 3 },
      value: (_, value) => short(value),
    }),
  }
}

/** A value belongs to a whole second: a step as wide as that, or a point in its middle. */
function columns(chart, rows) {
  if (!isStepped(chart)) return [data.seconds.map((second) => second + 0.5), ...rows.map((row) => row.values)]
  return [[...data.seconds, end], ...rows.map(({ values }) => [...values, values.at(-1) ?? null])]
}

/** Shades where a phase, a fault or an attack was, and names it in the strip above the lines where there is room. */
function shade(u) {
  u.ctx.save()
  data.phases.forEach((phase, i) => {
    // Where a band covers most of a phase, its name stands there instead.
    const covered = ({ from, to }) => Math.min(to, phase.to) - Math.max(from, phase.from)
    const isTaken = data.bands.some((band) => covered(band) > (phase.to - phase.from) / 2)
    strip(u, phase, i % 2 ? '--phase-odd' : '--phase-even', isTaken ? '' : phase.name, '--muted')
  })
  for (const band of data.bands) {
    strip(u, band, '--fault-strip', band.name, '--fault-text')
    fill(u, band, '--fault', u.bbox.top, u.bbox.height)
  }
  u.ctx.restore()
}

function draw(chart) {
  const place = document.querySelector(`#${chart.id} .plot`)
  const isLanes = chart.scale === 'lanes'
  const rows = chart.lines.map((line, i) => (isLanes ? lane(line, i, chart.lines.length) : curve(chart, line, i)))
  const { scale, marks } = scales[chart.scale](chart.lines)
  const options = {
    width: place.clientWidth,
    height: isLanes ? 40 + 24 * rows.length : 210,
    padding: [stripHeight + 2, 20, 0, 0],
    cursor: { sync: { key: 'run' }, drag: { x: false }, points: { size: 6 } },
    scales: { x: { time: false, range: [0, end] }, y: scale },
    axes: [xAxis(), axis({ size: isWide() ? 112 : 44, ...marks })],
    series: [
      { label: 'time', value: (_, value) => (value == null ? '–' : clock(value)) },
      ...rows.map(({ series }) => series),
    ],
    hooks: { drawClear: [shade] },
  }
  return new uPlot(options, columns(chart, rows), place)
}

let plots = []
function redraw() {
  for (const plot of plots) plot.destroy()
  plots = data.charts.map(draw)
}

redraw()
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw)
// A phone that hides its address bar changes its height all the time.
let drawnFor = innerWidth
addEventListener('resize', () => {
  if (innerWidth !== drawnFor) redraw()
  drawnFor = innerWidth
})
