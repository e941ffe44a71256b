// The life of one request.

import { outcome, paints } from './dots.js'
import { html, nothing } from './lit-html.js'
import { short } from './plot.js'

const kinds = {
  read: ['GET /data/notes/:id', 'reads one note'],
  list: ['GET /data/notes', 'lists notes'],
  write: ['POST /data/notes', 'writes a note'],
  login: ['POST /auth/login', 'logs in'],
}

export function request({ dot, log }, close) {
  const how = outcome(dot)
  const [route, does] = kinds[dot.kind]
  const [lag, wait] = [dot.sent - dot.due, dot.done === undefined ? undefined : dot.done - dot.sent]
  return html`<aside aria-label="One request" class="life">
    <button class="close" aria-label="Close" @click=${close}>×</button>
    <h2>This request ${does}${dot.attempt > 1 ? `, try ${dot.attempt} of its client` : ''}. It is: ${paints[how][2]} <strong>${dot.status || dot.error}</strong></h2>
    <p><code>${route}</code></p>
    <ol>
      <li><b>due</b> 0 ms: the client wanted it</li>
      <li><b>sent</b> ${short(lag)} ms: on its way${dot.attempt > 1 ? ' again' : ''}</li>
      <li><b>done</b> ${wait === undefined ? '…' : `${short(lag + wait)} ms: ${how === 'lost' ? 'given up' : 'the whole answer is here'}`}</li>
    </ol>
    ${log?.line && wait !== undefined ? html`<p>${compare(JSON.parse(log.line), dot, lag + wait)}</p>` : nothing}
    <p class="quiet">request id <code>${dot.id}</code></p>
    ${logged(log, how)}
  </aside>`
}

function logged(log, how) {
  if (log?.elsewhere)
    return html`<p class="quiet">A request of the lesson's run. What failed is in the log of its API, <code>api.log</code> in the folder of the run.</p>`
  if (log?.command) return html`<p>The lab cannot read this API's log. In a terminal: <code>${log.command}</code></p>`
  return html`<p class="quiet">What the API has written about it in its log:</p>
    <pre tabindex="0" aria-label="Log line">${log?.line ? pretty(log.line) : how === 'lost' ? 'nothing' : '…'}</pre>`
}

/** Why the API's line can say something else than the client. */
function compare({ duration_ms: worked, status }, dot, took) {
  if (dot.status === 0 && status < 500) return `The API answered it with ${status}, but its client had already left.`
  if (!(worked < took / 2)) return ''
  return `The API took ${short(worked)} ms for it; the other ${short(took - worked)} ms it waited, for its turn at the API or in the lab.`
}

function pretty(line) {
  return JSON.stringify(JSON.parse(line), null, 1)
    .replace(/^[ {}]\n?/gm, '')
    .trim()
}
