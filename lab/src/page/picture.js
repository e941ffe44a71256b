// The scene behind the dots: clients, network, the API with its one thread, the database. Rendered with the rest of the page.
import { nothing, svg } from './lit-html.js'

/** Where everything stands in a stage of this size. */
export function places(width, height) {
  const narrow = width < 560
  const [top, bottom] = [34, height - 12]
  const box = (x, w) => ({ x, w, y: top, h: bottom - top, right: x + w, middle: x + w / 2 })
  const clients = box(2, narrow ? 70 : 138)
  const database = box(width - (narrow ? 72 : 112), narrow ? 64 : 110)
  const apiWidth = narrow ? 92 : 170
  const api = box(database.x - apiWidth - (narrow ? 24 : 64), apiWidth)
  return { width, height, narrow, clients, api, database, line: (top + bottom) / 2 + 6 }
}

export function scene(at, { rate, fault }, now) {
  const { clients, api, database, line, narrow } = at
  const isKilled = fault?.stops === 'process'
  const between = (clients.right + api.x) / 2
  return svg`<path class="rule" d="M${clients.right},${line} H${database.x}"></path>
    ${card(clients, 'Clients')}
    ${text(Math.round(rate).toLocaleString('en'), clients.middle, line - 2, 'number')}
    ${text(narrow ? 'per s' : 'requests per second', clients.middle, line + 17, 'small')}
    ${narrow ? nothing : [text('Network', between, clients.y - 10, 'title'), text('requests →', between, line - 68, 'small'), text('← answers', between, line + 78, 'small')]}
    ${card(api, 'API', isKilled)}
    ${isKilled ? text('killed', api.middle, line, 'title bad') : thread(at, now)}
    ${store(at, fault?.database ?? ['open', 'read and written'])}`
}

const text = (words, x, y, kind) => svg`<text x=${x} y=${y} class=${kind}>${words}</text>`

const card = ({ x, y, w, h, middle }, title, isBroken) => svg`
  <rect class=${isBroken ? 'card bad' : 'card'} x=${x} y=${y} width=${w} height=${h} rx="10"></rect>
  ${text(title, middle, y - 10, 'title')}`

/** The ring shows the share of the time in which the API's thread had work, also while it waited for a processor. */
function thread({ api, line, narrow }, now) {
  const { busy = null, health = 'none', waiting = 0 } = now ?? {}
  const radius = narrow ? 30 : 38
  const said = health === 'none' ? 'no answer' : health.replace('_', '-')
  return svg`<circle class="ring" cx=${api.middle} cy=${line} r=${radius}></circle>
    <circle class="ring ${busy > 0.9 ? 'bad' : busy > 0.7 ? 'warm' : 'good'}" cx=${api.middle} cy=${line} r=${radius}
      pathLength="1" stroke-dasharray="${busy ?? 0} 1" transform="rotate(-90 ${api.middle} ${line})"></circle>
    ${text(busy === null ? '–' : `${Math.round(busy * 100)} %`, api.middle, line + 6, 'title')}
    ${text(narrow ? 'busy, waiting' : 'busy, or kept waiting', api.middle, line + radius + 21, 'small')}
    ${text(narrow ? said : `/health: ${said}`, api.middle, api.y + 22, health === 'ok' ? 'title good' : 'title bad')}
    ${waiting > 0 ? text(`${waiting.toLocaleString('en')} in flight`, api.middle, api.y + api.h - 12, 'small') : nothing}`
}

function store({ database: { middle, w, y }, line, narrow }, [state, why]) {
  const [rx, half] = [w / 2 - (narrow ? 6 : 16), narrow ? 34 : 44]
  const [left, right, top, bottom] = [middle - rx, middle + rx, line - half, line + half]
  const kind = state === 'open' ? 'good' : 'bad'
  return svg`${text('Database', middle, y - 10, 'title')}
    <path class="store ${kind} ${state}" d="M${left},${top} V${bottom} A${rx},12 0 0 0 ${right},${bottom} V${top}"></path>
    <ellipse class="store ${kind} ${state}" cx=${middle} cy=${top} rx=${rx} ry="12"></ellipse>
    ${['locked', 'closed'].includes(state) ? svg`<path class="padlock" d="M${middle - 12},${line + 4} h24 v18 h-24 z m4,0 a8,8 0 0 1 16,0"></path>` : nothing}
    ${text(state, middle, bottom + 34, `title ${kind}`)}
    ${narrow ? nothing : text(why, middle, bottom + 51, 'small')}`
}
