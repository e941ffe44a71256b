// Draws the charts of the report from the data in the page, with uPlot. All share one time axis and one cursor.
const { stripHeight, color, font, shade, drawLimit, nameLanes } = window.look
const data = JSON.parse(document.getElementById('data').textContent)
const end = Math.max(0, ...data.phases.map((phase) => phase.to), (data.seconds.at(-1) ?? 0) + 1)

// On a phone the names of the lanes stand in the legend only.
const isWide = () => innerWidth > 640 || document.documentElement.classList.contains('paper')

/** 75 → 1:15 */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
const short = (value) => (value == null ? '–' : String(Number(value.toPrecision(3))))

const plainAxis = () => ({
  stroke: color('--muted'),
  font: font(11),
  grid: { stroke: color('--grid'), width: 1 },
  ticks: { show: false },
})

const xAxis = () => ({
  ...plainAxis(),
  size: 30,
  space: 70,
  incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600],
  values: (_, splits) => splits.map(clock),
})

const yScales = {
  linear: () => ({ range: (_, _min, max) => [0, Math.max(1, max * 1.08)] }),
  log: () => ({
    distr: 3,
    range: (_, min, max) => [
      10 ** Math.floor(Math.log10(Math.max(0.1, min))),
      10 ** Math.ceil(Math.log10(Math.max(10, max))),
    ],
  }),
  lanes: (count) => ({ range: [0, count] }),
  scores: () => ({ range: [-21, 21] }),
}

function yAxis(chart) {
  const axis = { ...plainAxis(), size: isWide() ? 112 : 44 }
  if (chart.scale === 'log') {
    axis.splits = (u) => powersOfTen(u.scales.y.min, u.scales.y.max)
    axis.values = (_, splits) => splits.map(short)
  }
  if (chart.scale === 'lanes') {
    axis.splits = () => chart.lines.map((_, i) => i)
    axis.values = () => chart.lines.map(() => '')
  }
  if (chart.scale === 'scores') axis.splits = () => [-20, -10, 0, 10, 20]
  return axis
}

function powersOfTen(from, to) {
  const powers = []
  for (let power = from; power <= to * 1.01; power *= 10) powers.push(power)
  return powers
}

const lineColors = ['--line-1', '--line-2', '--line-3', '--line-4', '--line-5', '--line-6']
const steps = uPlot.paths.stepped({ align: 1 })
const isStepped = (chart) => chart.scale === 'linear' || chart.scale === 'lanes'

/** Lanes from top to bottom: a line's 0 and 1 become the lower and upper edge of its lane. */
function laneSeries(line, i, count) {
  const base = count - 1 - i + 0.12
  const paint = color(i === 0 ? '--fault-line' : lineColors[i])
  return {
    values: line.values.map((one) => (one === null ? null : base + one * 0.76)),
    series: {
      label: line.name,
      stroke: paint,
      fill: paint,
      width: 1,
      paths: steps,
      fillTo: () => base,
      points: { show: false },
      value: (_, value) => (value == null ? '–' : value > base ? 'yes' : 'no'),
    },
  }
}

function plainSeries(chart, line, i) {
  return {
    // A logarithmic scale has no place for 0.
    values: chart.scale === 'log' ? line.values.map((one) => (one === null ? null : Math.max(one, 0.1))) : line.values,
    series: {
      label: line.name,
      stroke: color(lineColors[i % lineColors.length]),
      width: 1.75,
      paths: isStepped(chart) ? steps : undefined,
      dash: line.dash ? [6, 4] : undefined,
      points: { show: line.values.length < 3 },
      value: (_, value) => short(value),
    },
  }
}

/** A value belongs to a whole second: a step as wide as that, or a point in its middle. */
function spread(chart, rows) {
  if (!isStepped(chart)) return [data.seconds.map((second) => second + 0.5), ...rows.map((row) => row.values)]
  return [[...data.seconds, end], ...rows.map(({ values }) => [...values, values.at(-1) ?? null])]
}

function overlays(chart) {
  if (chart.scale === 'lanes') return isWide() ? [nameLanes(chart.lines)] : []
  return chart.limit ? [drawLimit(chart.limit)] : []
}

function draw(chart, width) {
  const place = document.querySelector(`#${chart.id} .plot`)
  const isLanes = chart.scale === 'lanes'
  const rows = chart.lines.map((line, i) =>
    isLanes ? laneSeries(line, i, chart.lines.length) : plainSeries(chart, line, i),
  )
  const options = {
    width: width ?? place.clientWidth,
    height: isLanes ? 40 + 24 * rows.length : 210,
    padding: [stripHeight + 2, 20, 0, 0],
    legend: { live: true },
    cursor: { sync: { key: 'run' }, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { time: false, range: [0, end] }, y: yScales[chart.scale](rows.length) },
    axes: [xAxis(), yAxis(chart)],
    series: [
      { label: 'time', value: (_, value) => (value == null ? '–' : clock(value)) },
      ...rows.map((row) => row.series),
    ],
    hooks: { drawClear: [shade(data)], draw: overlays(chart) },
  }
  return new uPlot(options, spread(chart, rows), place)
}

let plots = []
function redraw(width) {
  for (const plot of plots) plot.destroy()
  // A test makes sure that every chart has its place; should one be missing, the others are drawn all the same.
  plots = data.charts.filter(({ id }) => document.getElementById(id)).map((chart) => draw(chart, width))
}

redraw()
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => redraw())
// A phone that hides its address bar changes its height all the time.
let drawnFor = innerWidth
addEventListener('resize', () => {
  if (innerWidth !== drawnFor) redraw()
  drawnFor = innerWidth
})
// Paper is white and narrow whatever the screen is.
addEventListener('beforeprint', () => {
  document.documentElement.classList.add('paper')
  redraw(650)
})
addEventListener('afterprint', () => {
  document.documentElement.classList.remove('paper')
  redraw()
})
