// What the charts of the report and of the live page have in common. The report holds it in the page, so it imports nothing.
export const stripHeight = 16

/** A colour of theme.css as it is now: a canvas knows neither var() nor light-dark(). */
export const color = (name) => {
  document.body.style.outlineColor = `var(${name})`
  return getComputedStyle(document.body).outlineColor
}
const font = (size) => `${size}px system-ui, sans-serif`
export const short = (value) => (value == null ? '–' : String(Number(value.toPrecision(3))))

export const axis = (more) => ({
  stroke: color('--muted'),
  font: font(11),
  grid: { stroke: color('--grid'), width: 1 },
  ticks: { show: false },
  ...more,
})

export const series = (label, paint, more) => ({ label, stroke: color(paint), width: 1.75, ...more })

/** A logarithmic scale has no place for 0. */
export const above0 = (value) => (value === null ? null : Math.max(0.1, value))

const tenBelow = (value) => 10 ** Math.floor(Math.log10(value))
const tenAbove = (value) => 10 ** Math.ceil(Math.log10(value))

/** Each mark ten times the last. */
export const logScale = {
  scale: { distr: 3, range: (_, min, max) => [tenBelow(Math.max(0.1, min)), tenAbove(Math.max(10, max))] },
  marks: {
    splits: (u) => powersOfTen(u.scales.y.min, u.scales.y.max),
    values: (_, at) => at.map((one) => (one === null ? '' : short(one))),
  },
}

function powersOfTen(from, to) {
  const powers = []
  for (let power = from; power <= to * 1.01; power *= 10) powers.push(power)
  return powers
}

/** Fills the span of time and returns its edge and width in pixels. */
export function fill(u, { from, to }, paint, y, height) {
  const left = Math.max(u.bbox.left, u.valToPos(from, 'x', true))
  const right = Math.min(u.bbox.left + u.bbox.width, u.valToPos(to, 'x', true))
  u.ctx.fillStyle = color(paint)
  u.ctx.fillRect(left, y, right - left, height)
  return { left, width: right - left }
}

/** Fills a span in the strip above the lines, and names it there where there is room. */
export function strip(u, span, paint, name, ink) {
  const ratio = devicePixelRatio
  const { left, width } = fill(u, span, paint, u.bbox.top - stripHeight * ratio, stripHeight * ratio)
  u.ctx.font = font(11 * ratio)
  if (u.ctx.measureText(name).width + 6 * ratio > width) return
  u.ctx.textAlign = 'left'
  u.ctx.textBaseline = 'alphabetic'
  u.ctx.fillStyle = color(ink)
  u.ctx.fillText(name, left + 4 * ratio, u.bbox.top - 5 * ratio)
}
