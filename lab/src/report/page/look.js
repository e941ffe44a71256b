// What lies behind and over the lines: colours of the page, bands of phases and faults, names of lanes, a limit.
const stripHeight = 16

const color = (name) => getComputedStyle(document.body).getPropertyValue(name).trim()
const font = (size) => `${size}px system-ui, sans-serif`

/** Shades where a phase or a fault was, behind the lines, and names it in the strip above them where there is room. */
function shade(u) {
  const { ctx } = u
  const { left, top, width, height } = u.bbox
  const ratio = devicePixelRatio
  const strip = stripHeight * ratio
  const band = (from, to, fill, y, h) => {
    const x1 = Math.max(left, u.valToPos(from, 'x', true))
    const x2 = Math.min(left + width, u.valToPos(to, 'x', true))
    ctx.fillStyle = fill
    ctx.fillRect(x1, y, x2 - x1, h)
    return [x1, x2]
  }
  const label = (text, [x1, x2], fill) => {
    ctx.font = font(11 * ratio)
    if (ctx.measureText(text).width + 6 * ratio > x2 - x1) return
    ctx.fillStyle = fill
    ctx.fillText(text, x1 + 4 * ratio, top - 5 * ratio)
  }
  ctx.save()
  ctx.textAlign = 'left'
  ctx.textBaseline = 'alphabetic'
  data.phases.forEach((phase, i) => {
    const edges = band(phase.from, phase.to, color(i % 2 ? '--phase-odd' : '--phase-even'), top - strip, strip)
    const fault = data.faults.find(
      ({ from, to }) => from < phase.to && to > phase.from && to - from > (phase.to - phase.from) / 2,
    )
    if (!fault) label(phase.name, edges, color('--muted'))
  })
  for (const { kind, from, to } of data.faults) {
    band(from, to, color('--fault'), top, height)
    label(kind, band(from, to, color('--fault-strip'), top - strip, strip), color('--fault-text'))
  }
  ctx.restore()
}

/** A line across at +value and -value. */
function drawLimit(limit) {
  return (u) => {
    const { ctx } = u
    ctx.save()
    ctx.strokeStyle = color('--muted')
    ctx.lineWidth = devicePixelRatio
    ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio])
    for (const value of [limit.value, -limit.value]) {
      const y = u.valToPos(value, 'y', true)
      ctx.beginPath()
      ctx.moveTo(u.bbox.left, y)
      ctx.lineTo(u.bbox.left + u.bbox.width, y)
      ctx.stroke()
    }
    ctx.restore()
  }
}

/** The name of each lane, inside it. */
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

// The scripts are written into the page one after another.
window.look = { stripHeight, color, font, shade, drawLimit, nameLanes }
