// What lies behind and over the lines: colours of the page, bands of phases and faults, names of lanes, a limit.
const stripHeight = 16

const color = (name) => getComputedStyle(document.body).getPropertyValue(name).trim()
const font = (size) => `${size}px system-ui, sans-serif`

/** Shades where a phase, a fault or an attack was, and names it in the strip above the lines where there is room. */
function shade({ phases, bands }) {
  return (u) => {
    u.ctx.save()
    phases.forEach((phase, i) => {
      // Where a band covers most of a phase, its name stands there instead.
      const isTaken = bands.some(
        ({ from, to }) => Math.min(to, phase.to) - Math.max(from, phase.from) > (phase.to - phase.from) / 2,
      )
      strip(u, phase, i % 2 ? '--phase-odd' : '--phase-even', isTaken ? '' : phase.name, '--muted')
    })
    for (const one of bands) {
      strip(u, one, '--fault-strip', one.name, '--fault-text')
      fill(u, one, '--fault', u.bbox.top, u.bbox.height)
    }
    u.ctx.restore()
  }
}

/** Fills the span of time and returns its edges in pixels. */
function fill(u, { from, to }, paint, y, height) {
  const left = Math.max(u.bbox.left, u.valToPos(from, 'x', true))
  const right = Math.min(u.bbox.left + u.bbox.width, u.valToPos(to, 'x', true))
  u.ctx.fillStyle = color(paint)
  u.ctx.fillRect(left, y, right - left, height)
  return { left, width: right - left }
}

function strip(u, span, paint, name, ink) {
  const ratio = devicePixelRatio
  const { left, width } = fill(u, span, paint, u.bbox.top - stripHeight * ratio, stripHeight * ratio)
  u.ctx.font = font(11 * ratio)
  if (u.ctx.measureText(name).width + 6 * ratio > width) return
  u.ctx.textAlign = 'left'
  u.ctx.textBaseline = 'alphabetic'
  u.ctx.fillStyle = color(ink)
  u.ctx.fillText(name, left + 4 * ratio, u.bbox.top - 5 * ratio)
}

/** Draws dashed lines across at +limit and -limit. */
function drawLimit(limit) {
  return (u) => {
    const { ctx } = u
    ctx.save()
    ctx.strokeStyle = color('--muted')
    ctx.lineWidth = devicePixelRatio
    ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio])
    for (const value of [limit, -limit]) {
      const y = u.valToPos(value, 'y', true)
      ctx.beginPath()
      ctx.moveTo(u.bbox.left, y)
      ctx.lineTo(u.bbox.left + u.bbox.width, y)
      ctx.stroke()
    }
    ctx.restore()
  }
}

/** Writes the name of each lane beside it. */
function nameLanes(lines) {
  return (u) => {
    const { ctx } = u
    ctx.save()
    ctx.font = font(11 * devicePixelRatio)
    ctx.fillStyle = color('--muted')
    ctx.textAlign = 'right'
    ctx.textBaseline = 'middle'
    lines.forEach(({ name }, i) => {
      ctx.fillText(name, u.bbox.left - 6 * devicePixelRatio, u.valToPos(lines.length - i - 0.5, 'y', true))
    })
    ctx.restore()
  }
}

// The scripts are written into the page one after another, each as a module of its own.
window.look = { stripHeight, color, font, shade, drawLimit, nameLanes }
