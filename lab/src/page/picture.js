// The scene behind the dots: clients, network, the API with its one thread, the database. Drawn once a second.
import { color, font } from './plot.js'

/** Where everything stands in a stage of this size. */
export function places(width, height) {
  const narrow = width < 560
  const [top, bottom] = [34, height - 12]
  const box = (x, w) => ({ x, w, y: top, h: bottom - top, right: x + w, middle: x + w / 2 })
  const clients = box(2, narrow ? 70 : 138)
  const database = box(width - (narrow ? 66 : 112), narrow ? 64 : 110)
  const apiWidth = narrow ? 92 : 170
  const api = box(database.x - apiWidth - (narrow ? 24 : 64), apiWidth)
  return { width, height, narrow, clients, api, database, line: (top + bottom) / 2 + 6 }
}

const words = {
  none: ['open', 'read and written'],
  lock: ['locked', 'another holds it'],
  chmod: ['closed', 'no permission'],
  move: ['gone', 'no file of its name'],
  readonly: ['read-only', 'may not be written'],
  fill: ['read-only', 'its disk is full'],
}

export function drawScene(canvas, state, now) {
  const [ratio, width, height] = [devicePixelRatio, canvas.clientWidth, canvas.clientHeight]
  if (canvas.width !== width * ratio || canvas.height !== height * ratio)
    Object.assign(canvas, { width: width * ratio, height: height * ratio })
  const at = places(width, height)
  const pen = canvas.getContext('2d')
  pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  pen.clearRect(0, 0, width, height)
  const { kind: fault = 'none' } = state.fault ?? {}
  lanes(pen, at)
  clients(pen, at, state)
  api(pen, at, now, fault === 'crash')
  database(pen, at, fault === 'crash' ? 'none' : fault)
}

function write(pen, words, x, y, size, paint = '--ink', weight = 'normal') {
  pen.font = `${weight} ${font(size)}`
  pen.textAlign = 'center'
  pen.fillStyle = color(paint)
  pen.fillText(words, x, y)
}

function bold(pen, words, x, y, size, paint) {
  write(pen, words, x, y, size, paint, '600')
}

function card(pen, { x, y, w, h, middle }, title, isBroken) {
  pen.beginPath()
  pen.roundRect(x + 0.5, y + 0.5, w - 1, h - 1, 10)
  pen.fillStyle = color('--card')
  pen.fill()
  pen.setLineDash(isBroken ? [5, 4] : [])
  pen.strokeStyle = color(isBroken ? '--fail' : '--rule')
  pen.lineWidth = isBroken ? 2 : 1
  pen.stroke()
  pen.setLineDash([])
  bold(pen, title, middle, y - 10, 14)
}

function lanes(pen, { clients, api, database, line, narrow }) {
  pen.strokeStyle = color('--rule')
  pen.lineWidth = 1
  pen.beginPath()
  pen.moveTo(clients.right, line)
  pen.lineTo(database.x, line)
  pen.stroke()
  if (narrow) return
  const middle = (clients.right + api.x) / 2
  bold(pen, 'Network', middle, clients.y - 10, 14)
  write(pen, 'requests →', middle, line - 68, 12, '--muted')
  write(pen, '← answers', middle, line + 78, 12, '--muted')
}

function clients(pen, { clients, narrow, line }, { rate }) {
  card(pen, clients, 'Clients')
  bold(pen, rate.toLocaleString('en'), clients.middle, line - 2, narrow ? 18 : 30)
  write(pen, narrow ? 'per s' : 'requests per second', clients.middle, line + 17, 12, '--muted')
  pen.fillStyle = color('--muted')
  for (let i = -1; i <= 1; i++) person(pen, clients.middle + i * (narrow ? 19 : 30), clients.y + 32)
}

function person(pen, x, y) {
  pen.beginPath()
  pen.arc(x, y - 7, 4.5, 0, 7)
  pen.moveTo(x + 8, y + 9)
  pen.arc(x, y + 9, 8, 0, Math.PI, true)
  pen.fill()
}

/** The ring shows how much of the time its thread is busy. */
function api(pen, { api, narrow, line }, now, isKilled) {
  card(pen, api, 'API', isKilled)
  if (isKilled) return bold(pen, 'killed', api.middle, line, 20, '--fail')
  const radius = narrow ? 30 : 38
  const busy = now?.busy ?? 0
  pen.lineWidth = narrow ? 7 : 10
  ring(pen, api.middle, line, radius, 1, '--grid')
  ring(pen, api.middle, line, radius, busy, busy > 0.9 ? '--fail' : busy > 0.7 ? '--invalid' : '--pass')
  bold(pen, now?.busy == null ? '–' : `${Math.round(busy * 100)} %`, api.middle, line + 6, narrow ? 15 : 20)
  write(pen, narrow ? 'busy' : 'its one thread is busy', api.middle, line + radius + 21, 12, '--muted')
  const health = now?.health ?? 'none'
  const said = health === 'none' ? 'no answer' : health.replace('_', '-')
  bold(pen, narrow ? said : `/health: ${said}`, api.middle, api.y + 22, 13, health === 'ok' ? '--pass' : '--fail')
  if (now?.waiting > 0)
    write(pen, `${now.waiting.toLocaleString('en')} in flight`, api.middle, api.y + api.h - 12, 12, '--ink')
}

function ring(pen, x, y, radius, share, paint) {
  pen.strokeStyle = color(paint)
  pen.beginPath()
  pen.arc(x, y, radius, -Math.PI / 2, -Math.PI / 2 + share * 2 * Math.PI)
  pen.stroke()
}

function database(pen, { database: at, narrow, line }, fault) {
  const isOpen = fault === 'none'
  bold(pen, 'Database', at.middle, at.y - 10, narrow ? 13 : 14)
  const [rx, ry, half] = [at.w / 2 - (narrow ? 6 : 16), narrow ? 9 : 14, narrow ? 34 : 44]
  pen.setLineDash(fault === 'move' ? [5, 5] : [])
  pen.lineWidth = 2
  pen.strokeStyle = color(isOpen ? '--pass' : '--fail')
  pen.fillStyle = color(fault === 'move' ? '--paper' : isOpen ? '--card' : '--fault-strip')
  pen.beginPath()
  pen.ellipse(at.middle, line + half, rx, ry, 0, 0, Math.PI)
  pen.lineTo(at.middle - rx, line - half)
  pen.ellipse(at.middle, line - half, rx, ry, 0, Math.PI, 2 * Math.PI)
  pen.lineTo(at.middle + rx, line + half)
  pen.fill()
  pen.stroke()
  pen.beginPath()
  pen.ellipse(at.middle, line - half, rx, ry, 0, 0, Math.PI)
  pen.stroke()
  pen.setLineDash([])
  if (fault === 'lock' || fault === 'chmod') padlock(pen, at.middle, line + 4)
  bold(pen, words[fault][0], at.middle, line + half + ry + 20, 14, isOpen ? '--pass' : '--fail')
  if (!narrow) write(pen, words[fault][1], at.middle, line + half + ry + 37, 12, '--muted')
}

function padlock(pen, x, y) {
  pen.fillStyle = pen.strokeStyle = color('--fail')
  pen.lineWidth = 3
  pen.beginPath()
  pen.arc(x, y, 8, Math.PI, 0)
  pen.stroke()
  pen.fillRect(x - 12, y, 24, 18)
}
