// Scales and axes, and how their numbers are written.
const { color, font } = window.look

// On a phone the names of the lanes stand in the legend only.
const isWide = () => innerWidth > 640 || document.documentElement.classList.contains('paper')
const axisWidth = () => (isWide() ? 112 : 44)

/** 75 → 1:15 */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
const short = (value) => (value == null ? '–' : String(Number(value.toPrecision(3))))

/** Minutes and seconds; the same for all charts. */
function xAxis() {
  return {
    ...plainAxis(),
    size: 30,
    space: 70,
    incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600],
    values: (_, splits) => splits.map(clock),
  }
}

function plainAxis() {
  return {
    stroke: color('--muted'),
    font: font(11),
    grid: { stroke: color('--grid'), width: 1 },
    ticks: { show: false },
  }
}

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
  const axis = { ...plainAxis(), size: axisWidth() }
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

window.axes = { isWide, clock, short, xAxis, yAxis, yScales }
