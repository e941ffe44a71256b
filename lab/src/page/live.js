// The live page: events from the lab come in, acts go out, and everything is rendered from one state.

import { controls } from './controls.js'
import { createDots, paints } from './dots.js'
import { lessons, refresh } from './lessons.js'
import { html, nothing, render } from './lit-html.js'
import { isHidden } from './mystery.js'
import { drawCharts, headline, tiles } from './numbers.js'
import { places, scene } from './picture.js'
import { request } from './request.js'

const by = (id) => document.getElementById(id)
const app = { seconds: [], story: [], words: [], controls: [], state: undefined, connected: false, token: takeToken() }
const dots = createDots(by('dots'), inspect)

/** The token of the link stays in this tab and leaves the address: a projector would show it to the whole room. */
function takeToken() {
  const given = location.hash.slice(1)
  if (given) sessionStorage.setItem('token', given)
  if (given) history.replaceState(null, '', location.pathname)
  return sessionStorage.getItem('token') ?? ''
}

async function act(what) {
  app.pending = true
  update()
  const headers = { 'content-type': 'application/json', 'x-lab-token': app.token }
  const body = JSON.stringify({ page: app.page, ...what })
  const told = await fetch('/act', { method: 'POST', headers, body }).then(
    async (answer) => ([200, 409].includes(answer.status) ? answer.json() : { error: await answer.text() }),
    () => ({ error: 'The lab does not answer: is it still running?' }),
  )
  app.pending = false
  // A lesson shows its own.
  app.error = what.lesson ? '' : told.error
  update()
  return told
}

/** Shows the life of one request, and the line that the API has written about it. */
async function inspect(dot) {
  app.dot = dot
  dots.show(dot)
  app.log = undefined
  update()
  // The line is written after the answer, and a request that still waits has none yet.
  for (let tries = 0; dot && app.dot === dot && tries < 60; tries++) {
    const log = dot.ofLesson ? { elsewhere: true } : await (await fetch(`/log/${dot.id}`)).json()
    if (app.dot !== dot) return
    app.log = log
    update()
    if (log.line || log.command || log.elsewhere) return
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

function update() {
  const { state, seconds } = app
  if (!state) return
  app.mayAct = app.connected && app.token && (!state.actor || state.actor === app.page)
  render(head(), by('head'))
  render(controls(app, act, update), by('controls'))
  render(lessons(app, act), by('lessons'))
  render(tiles(app), by('tiles'))
  render(story(), by('story'))
  render(key(), by('key'))
  render(app.dot ? request(app, () => inspect(undefined)) : nothing, by('request'))
  // During a mystery the page shows numbers only.
  by('picture').hidden = by('story').hidden = isHidden(state)
  if (app.at) render(scene(app.at, shownOf(app), seconds.at(-1)), by('scene'))
  by('stage').setAttribute('aria-label', headline(app))
}

/** The API that is shown: that of this page, or that of a lesson's run. */
function shownOf({ state, controls }) {
  const { playing } = state
  const [rate, kind] = playing ? [playing.phase?.rate ?? 0, playing.fault] : [state.rate, state.fault?.kind]
  return { rate, fault: controls.find((one) => one.kind === kind)?.picture }
}

function head() {
  const { state, page, token, connected, mode } = app
  const acting = state.actor ?? page
  const mine = token ? 'You may act.' : 'You look on. To act, open the link that make has printed.'
  const who = !connected
    ? 'The connection is lost: is the lab still running?'
    : acting === page
      ? mine
      : `Page ${acting} acts, you look on.`
  const others = state.pages > 1 ? ` ${state.pages} pages are open; this is page ${page}.` : ''
  return html`<h1>Systems-thinking lab</h1>
    <p class="headline">${headline(app)}</p>
    <p class="quiet" role="status">${mode === 'stack' ? "The stack's API. " : ''}${who}${others}</p>`
}

const key = () => html`<ul class="key">
    ${Object.values(paints).map(
      ([paint, sign, says]) =>
        html`<li><b aria-hidden="true" .style=${`color: var(${paint})`}>${sign}</b> ${says}</li>`,
    )}
    <li class="quiet">A sample of the real requests, slowed down on their way, not in their wait.</li>
    <li class="look">Click a dot, or look at
      <button @click=${() => inspect(dots.last.ok)} ?disabled=${!dots.last.ok}>the last one served</button>
      <button @click=${() => inspect(dots.last.failed)} ?disabled=${!dots.last.failed}>the last one failed</button></li>
    <li class="phone"><button @click=${() => by('lessons').scrollIntoView()}>Lessons ↓</button></li>
  </ul>`

const clock = (at) => new Date(at).toTimeString().slice(0, 8)

/** The newest at the end, which is in view; a screen reader hears each line once, when it comes. */
function story() {
  const lines = app.story.toSorted((a, b) => a.at - b.at)
  return html`<h2>Story</h2>
    ${lines.length === 0 ? html`<p class="quiet">Set a rate, then take the database away: what happens is told here.</p>` : nothing}
    <div role="log" tabindex="0" aria-label="What happened"><ol>${lines.map(
      (line) =>
        html`<li class=${line.tone}><time>${clock(line.at)}</time><div>${line.text}${
          line.why ? html`<p class="quiet">${line.why}</p>` : nothing
        }</div></li>`,
    )}</ol></div>`
}

function listen() {
  const source = new EventSource('/events')
  const on = (event, take) =>
    source.addEventListener(event, ({ data }) => {
      take(JSON.parse(data))
      update()
    })
  on('all', (all) => {
    Object.assign(app, all, { connected: true })
    drawCharts(app)
  })
  on('state', (state) => (app.state = state))
  on('lessons', () => refresh())
  on('story', (line) => app.story.push(line))
  on('second', (second) => {
    app.seconds.push(second)
    if (app.seconds.length > 120) app.seconds.shift()
    drawCharts(app)
  })
  // Four a second: only the dots are drawn anew.
  source.addEventListener('tick', ({ data }) => dots.take(JSON.parse(data)))
  // A page that is kept for the way back would count as open.
  addEventListener('pagehide', () => source.close())
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload())
  source.addEventListener('error', () => {
    app.connected = false
    update()
  })
}

function fit() {
  const stage = by('stage')
  // Hidden by a mystery: its size says nothing.
  if (stage.clientWidth === 0) return drawCharts(app, true)
  app.at = places(stage.clientWidth, stage.clientHeight)
  dots.fit(app.at)
  update()
  drawCharts(app, true)
}
// The link of a lab that was started anew, in the same tab: its clock and its pages count anew too.
addEventListener('hashchange', () => location.reload())
addEventListener('keydown', ({ key }) => key === 'Escape' && app.dot && inspect(undefined))
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', fit)

listen()
refresh(update)
new ResizeObserver(fit).observe(by('stage'))
