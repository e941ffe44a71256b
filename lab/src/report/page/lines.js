// A chart's lines as uPlot wants them: a look and values for each.
const { color } = window.look
const { short } = window.axes
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

const seriesOf = (chart) =>
  chart.lines.map((line, i) =>
    chart.scale === 'lanes' ? laneSeries(line, i, chart.lines.length) : plainSeries(chart, line, i),
  )

/** A value belongs to a whole second: a step as wide as that, or a point in its middle. */
function spread(chart, seconds, rows) {
  if (!isStepped(chart)) return [seconds.map((second) => second + 0.5), ...rows.map((row) => row.values)]
  const end = (seconds.at(-1) ?? 0) + 1
  return [[...seconds, end], ...rows.map(({ values }) => [...values, values.at(-1) ?? null])]
}

window.lines = { seriesOf, spread }
