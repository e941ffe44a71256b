// Draws the charts of the report from the data in the page, with uPlot. All share one time axis and one cursor.
const { stripHeight, shade, drawLimit, nameLanes } = window.look
const { isWide, clock, xAxis, yAxis, yScales } = window.axes
const { seriesOf, spread } = window.lines
const data = JSON.parse(document.getElementById('data').textContent)
const end = Math.max(...data.phases.map((phase) => phase.to), (data.seconds.at(-1) ?? 0) + 1)
let plots = []

function overlays(chart) {
  if (chart.scale === 'lanes') return isWide() ? [nameLanes(chart.lines)] : []
  return chart.limit ? [drawLimit(chart.limit)] : []
}

function draw(chart, width) {
  const place = document.querySelector(`#${chart.id} .plot`)
  const lanes = chart.scale === 'lanes'
  const rows = seriesOf(chart)
  const options = {
    width: width ?? place.clientWidth,
    height: lanes ? 40 + 24 * rows.length : 210,
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
  return new uPlot(options, spread(chart, data.seconds, rows), place)
}

function redraw(width) {
  for (const plot of plots) plot.destroy()
  plots = data.charts.map((chart) => draw(chart, width))
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
