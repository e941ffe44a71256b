// The dots: each is a real request. It leaves when it was sent, waits at the API as long as it really did, and goes home in
// the colour of its end; without an answer it fades where it is. One path a colour and frame, but for those that fade, and no
// frame at all while there is no dot.
import { color } from './plot.js'

// What the lab tells four times a second is drawn a little later, so that every dot leaves in time.
const [outMs, insideMs, backMs, fadeMs, lateMs] = [700, 300, 700, 1_200, 300]
const most = 600
const reach = 24
const isStill = matchMedia('(prefers-reduced-motion: reduce)')
/** What became of a request: its colour, its sign in the key of the picture, and what that means. */
export const paints = {
  way: ['--line-1', '●', 'on its way'],
  retry: ['--line-3', '●', 'again (a retry)'],
  ok: ['--pass', '●', 'served'],
  refused: ['--line-2', '○', 'refused'],
  late: ['--fail', '●', 'too late: its client has left'],
  lost: ['--fail', '✕', 'no answer'],
}

export function outcome({ done, status, attempt, isLate }) {
  if (done === undefined) return attempt > 1 ? 'retry' : 'way'
  if (isLate) return 'late'
  if (status === 0) return 'lost'
  return status < 300 ? 'ok' : 'refused'
}

export function createDots(canvas, pick) {
  const pen = canvas.getContext('2d')
  const dots = new Map()
  const last = { ok: undefined, failed: undefined }
  let at
  // From the lab's clock to this page's: the smallest difference is the one with the least delay on the way.
  let offset = Number.POSITIVE_INFINITY
  let count = 0
  let isRunning = false
  let picked
  let colors = {}

  function take({ t, sent, done, ofLesson }) {
    if (!at) return // the page has no layout yet
    offset = Math.min(offset, performance.now() - t)
    for (const one of sent) dots.set(one.id, { ...one, ofLesson, n: ++count, swing: ((count * 0.618) % 1) - 0.5 })
    for (const one of done) {
      const dot = dots.get(one.id)
      if (!dot) continue
      Object.assign(dot, one)
      last[outcome(dot) === 'ok' ? 'ok' : 'failed'] = dot
    }
    for (const id of dots.keys()) if (dots.size > most) dots.delete(id)
    if (!isRunning && dots.size > 0) requestAnimationFrame(frame)
    isRunning = dots.size > 0
  }

  function fit(places) {
    at = places
    colors = Object.fromEntries(Object.entries(paints).map(([how, [name]]) => [how, color(name)]))
    const ratio = devicePixelRatio
    Object.assign(canvas, { width: at.width * ratio, height: at.height * ratio })
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  }

  function frame(now) {
    pen.clearRect(0, 0, at.width, at.height)
    const paths = Object.fromEntries(Object.keys(paints).map((how) => [how, new Path2D()]))
    let queued = 0
    for (const dot of dots.values()) {
      const where = isStill.matches ? rest(dot, now) : travel(dot, now - offset - lateMs, queued)
      if (!where) {
        if (now - offset - lateMs > dot.sent) dots.delete(dot.id)
        continue
      }
      if (where.queued) queued++
      dot.x = where.x
      dot.y = where.y
      if (where.share) draw(where.how, mark(new Path2D(), where), where.share)
      else mark(paths[where.how], where)
    }
    for (const [how, path] of Object.entries(paths)) draw(how, path)
    if (picked && dots.has(picked.id)) {
      pen.strokeStyle = color('--ink')
      pen.beginPath()
      pen.arc(picked.x, picked.y, 9, 0, 7)
      pen.stroke()
    }
    isRunning = dots.size > 0
    if (isRunning) requestAnimationFrame(frame)
  }

  function draw(how, path, alpha = 1) {
    pen.globalAlpha = alpha
    pen.fillStyle = pen.strokeStyle = colors[how]
    pen.lineWidth = 2
    if (how === 'refused' || how === 'lost') pen.stroke(path)
    else pen.fill(path)
    pen.globalAlpha = 1
  }

  /** Where a dot is at this moment of the lab's clock; nothing when it is home. */
  function travel(dot, t, queued) {
    const { clients, api, database, line } = at
    const between = (from, to, share) => from + (to - from) * Math.max(0, Math.min(1, share))
    const y = line + dot.swing * 48
    const arrives = dot.sent + outMs
    const underway = dot.attempt > 1 ? 'retry' : 'way'
    // The end of a request may have been missed.
    if (t < dot.sent || t > dot.sent + 20_000) return undefined
    if (t < arrives) return { x: between(clients.right, api.x, (t - dot.sent) / outMs), y: y - 34, how: underway }
    const leaves = Math.max(arrives, dot.done ?? Number.POSITIVE_INFINITY)
    if (t < leaves) return { ...place(queued), how: underway, queued: true }
    const how = outcome(dot)
    const since = t - leaves
    if (how === 'lost') return since < fadeMs ? { x: dot.x, y: dot.y, how, share: 1 - since / fadeMs } : undefined
    // A refusal turns round at the door; what is served goes on to the database.
    const inside = dot.status < 300 ? insideMs : 0
    if (since < inside) {
      const share = since / inside
      const x = share < 0.5 ? between(api.right, database.x, share * 2) : between(database.x, api.right, share * 2 - 1)
      return { x, y: share < 0.5 ? line - 8 : line + 8, how }
    }
    if (since > inside + backMs) return undefined
    return { x: between(api.x, clients.right, (since - inside) / backMs), y: y + 34, how }
  }

  /** The place in the queue at the API's door. */
  function place(i) {
    const rows = 7
    return {
      x: Math.max(at.clients.right + 6, at.api.x - 9 - Math.floor(i / rows) * 10),
      y: at.line + ((i % rows) - 3) * 10,
    }
  }

  /** For readers who want no motion: every dot stays at one place until it is over. */
  function rest(dot, now) {
    const how = outcome(dot)
    if (dot.done === undefined) return { ...place(dot.n % 60), how }
    dot.shownSince ??= now
    if (now - dot.shownSince > 2_000) return undefined
    const columns = Math.floor((at.api.x - at.clients.right) / 14) - 1
    return {
      x: at.clients.right + 14 + (dot.n % columns) * 14,
      y: at.line + 24 + (Math.floor(dot.n / columns) % 4) * 14,
      how,
    }
  }

  canvas.addEventListener('click', ({ offsetX, offsetY }) => {
    const far = ({ x = -99, y = -99 }) => Math.hypot(x - offsetX, y - offsetY)
    const [nearest] = [...dots.values()].sort((a, b) => far(a) - far(b))
    if (nearest && far(nearest) <= reach) pick(nearest)
  })
  return { take, fit, last, show: (dot) => (picked = dot) }
}

/** Shapes too, for those who do not tell the colours apart: full, a ring, a cross. */
function mark(path, { x, y, how }) {
  if (how === 'lost') {
    path.moveTo(x - 4, y - 4)
    path.lineTo(x + 4, y + 4)
    path.moveTo(x - 4, y + 4)
    path.lineTo(x + 4, y - 4)
  } else {
    path.moveTo(x + 4, y)
    path.arc(x, y, 4, 0, 7)
  }
  return path
}
