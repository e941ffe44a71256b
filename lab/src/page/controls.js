// What a visitor can do: set the load, break the database, kill the API.
import { html, nothing } from './lit-html.js'
import { isHidden } from './mystery.js'
import { explain } from './numbers.js'

const rates = [
  0, 1, 5, 10, 20, 50, 100, 150, 200, 250, 300, 400, 500, 700, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 6000, 8000,
  10000,
]
const nearest = (rate) => rates.findIndex((one) => one >= rate)
/** The load that this page has set and the lab has not confirmed yet: it stands above what the lab says. */
let own
let timer

/** A slider that is being moved sends its value a moment later, and only the last one. */
function setLoad(app, act, draw, change) {
  const { rate, arrivals, writes, clients } = app.state
  const load = { rate, arrivals, writes, clients, ...own, ...change }
  own = load
  draw()
  clearTimeout(timer)
  timer = setTimeout(async () => {
    const told = await act({ do: 'load', load })
    if (own !== load) return
    if (!told.error) Object.assign(app.state, load)
    own = undefined
    draw()
  }, 120)
}

export function controls(app, act, draw) {
  const { state, error, pending } = app
  // Other acts would disturb a run.
  const mayAct = app.mayAct && !state.playing && !isHidden(state)
  const [here, elsewhere] = [false, true].map((far) => app.controls.filter((one) => Boolean(one.instead) === far))
  const isOff = pending || Boolean(state.fault)
  const { rate, arrivals, writes, clients } = { ...state, ...own }
  const load = (change) => setLoad(app, act, draw, change)
  return html`<h2>Controls</h2>
    ${state.playing ? html`<p class="quiet">A run is being played, on an API of its own. These wait for its end.</p>` : nothing}
    <fieldset ?disabled=${!mayAct}>
      <legend>Load</legend>
      <label for="rate">Requests a second <output>${rate.toLocaleString('en')}</output></label>
      <input id="rate" type="range" min="0" max=${rates.length - 1} .value=${String(nearest(rate))}
        aria-valuetext="${rate} requests per second" @input=${({ target }) => load({ rate: rates[target.value] })}>
      <div class="choice"><label for="arrivals">Arrivals</label>${explain('Arrivals', 'arrivals', app)}
      ${choice('arrivals', arrivalWords, arrivals, load)}</div>
      <div class="choice"><label for="clients">Clients</label>${explain('Clients', 'clients', app)}
      ${choice('clients', clientWords, clients, load)}</div>
      <label for="writes">Share that writes <output>${Math.round(writes * 100)} %</output></label>
      <input id="writes" type="range" min="0" max="100" step="5" .value=${String(Math.round(writes * 100))}
        aria-valuetext="${Math.round(writes * 100)} percent" @input=${({ target }) => load({ writes: target.value / 100 })}>
    </fieldset>
    <fieldset ?disabled=${!mayAct}>
      <legend>Break something</legend>
      <p class="undo">${button('Undo', pending || !state.fault, () => act({ do: 'mend' }))}
        <span class="quiet">${state.fault ? `ends by itself in ${left(state.fault)} s` : pending ? 'wait a moment …' : 'nothing is broken'}</span></p>
      <ul>${here.map(({ kind, name, says }) => {
        const isShed = kind === 'shed'
        const [isOn, what] = isShed
          ? [state.shed, { do: 'shed', on: !state.shed }]
          : [state.fault?.kind === kind, { do: 'break', kind }]
        return html`<li>${button(name, isOff, () => act(what), isOn)}<span class="quiet">${says}</span>
          ${isShed ? explain(name, 'shedding', app) : nothing}</li>`
      })}</ul>
    </fieldset>
    <ul>${elsewhere.map(
      ({ name, instead }) =>
        html`<li class="quiet"><b>${name}</b>: not here. ${instead.why} <code>${instead.command}</code></li>`,
    )}</ul>
    <p class="error" role="alert">${error ?? ''}</p>`
}

const arrivalWords = { even: 'evenly, as a metronome', poisson: 'at random, as people (Poisson)' }
const clientWords = {
  patient: 'patient: 10 s once sent',
  impatient: 'impatient: 1 s, give up',
  immediate: 'immediate: 1 s, retry',
  backoff: 'backoff: growing pauses',
  budget: 'budget: few retries',
  breaker: 'breaker: stop a while',
}

const choice = (
  name,
  words,
  chosen,
  load,
) => html`<select id=${name} @change=${({ target }) => load({ [name]: target.value })}>
    ${Object.entries(words).map(([value, says]) => html`<option value=${value} .selected=${value === chosen}>${says}</option>`)}
  </select>`

const left = ({ until }) => Math.max(0, Math.round((Date.parse(until) - Date.now()) / 1000))

/** A disabled button would lose the focus of the keyboard: this one keeps it and does nothing. */
const button = (says, isOff, press, isOn = nothing) =>
  html`<button aria-disabled=${Boolean(isOff)} aria-pressed=${isOn} @click=${() => isOff || press()}>${says}</button>`
