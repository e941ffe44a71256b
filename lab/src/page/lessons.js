// The course: a list of lessons, and one of them step by step.
import { html, nothing } from './lit-html.js'
import { mystery, offerMystery } from './mystery.js'

export const letters = 'abcdef'
let [list, open, view, playing, told, wrong] = [[], '', undefined, undefined, undefined, '']
let draw = () => {}

const read = async (path) => (await fetch(path)).json()

/** Reads anew what is shown; called when the lab says that something has changed. */
export async function refresh(update = draw) {
  draw = update
  list = await read('/lessons')
  const before = view
  if (open) view = await read(`/lessons/${open}`)
  draw()
  // What was just measured would be below the edge of the screen.
  if (before && !before.after && view.after) document.querySelector('.compared')?.scrollIntoView()
}

function show(name) {
  ;[open, view, told, wrong] = [name, undefined, undefined, '']
  refresh()
}

/** Sends what the reader does; the lab says then that something has changed. */
async function send(act, what) {
  const answer = await act(what)
  wrong = answer.error ?? ''
  if (what.do === 'answer' && !wrong) told = answer
  draw()
  // What comes of it may be outside of the screen: on a phone the picture is far above.
  const shows = { answer: '#lessons [role=status]', play: '#picture' }[what.do]
  if (shows && !wrong) document.querySelector(shows)?.scrollIntoView({ block: 'nearest' })
}

export function lessons({ state, mayAct, mode }, act) {
  playing = state.playing
  if (state.mystery) return mystery(state.mystery, mayAct, act)
  if (mode === 'stack')
    return html`<h2>Lessons</h2><p class="quiet">Ten lessons, which need no Docker: <code>make lab</code>, or in a terminal <code>make lesson</code> and <code>make mystery</code></p>`
  const done = list.filter((one) => one.done).length
  if (!open || !view)
    return html`<h2>Lessons</h2>
      <p class="quiet">Guess, run, compare, understand: 5 to 10 minutes each. Done: ${done} of ${list.length}.</p>
      <ol>${list.map(
        (one) =>
          html`<li><button @click=${() => show(one.name)}>${one.done ? '✓ ' : ''}${numberOf(one.name)}. ${one.title}</button></li>`,
      )}</ol>
      ${offerMystery(mayAct, act)}`
  const { title, hook, guesses, after } = view
  return html`<button class="close" @click=${() => show('')}>All lessons</button>
    <h2>${numberOf(view.name)}. ${title}</h2>
    ${paragraphs(hook)}
    <h3>Your guess</h3>
    ${guesses && !after ? view.asked.map(({ ask, said }) => html`<p>${ask}</p><p>you: <b>${said}</b></p>`) : nothing}
    ${guesses ? nothing : html`<p class="quiet">A wrong guess teaches most. No idea? Leave a question empty, or write ?</p>`}
    ${guesses ? nothing : form(view.asked, 'That is my guess', mayAct, (given) => send(act, { do: 'guess', lesson: open, guesses: given }))}
    ${guesses && !after ? play(view.run, false, act, mayAct) : nothing}
    ${after ? result(after, act, mayAct) : nothing}
    <p class="error" role="alert">${wrong}</p>`
}

function result(after, act, mayAct) {
  const next = list[list.findIndex(({ name }) => name === view.name) + 1]
  const { compared, theory, why, knob, question, places } = after
  const [file, line] = places.code.place.split(':')
  return html`${remark(after, view.run, false, act, mayAct)}
    <ol class="compared">${compared.map((one, i) => html`<li><p>${view.asked[i].ask}</p>${compared1(one)}</li>`)}</ol>
    ${theory ? html`<div class="theory" tabindex="0" role="group" aria-label="Theory" .innerHTML=${theory}></div>` : nothing}
    <h3>Why</h3>${paragraphs(why)}
    <h3>Change one thing</h3>${paragraphs(knob.says)}
    ${knob.seconds === undefined ? html`<p><code>${knob.command}</code></p>` : nothing}
    ${knob.after ? html`${remark(knob, knob, true, act, mayAct)}${paragraphs(knob.after)}` : play(knob, true, act, mayAct)}
    <h3>One question</h3>
    ${form([question], 'Answer', mayAct, ([given]) => send(act, { do: 'answer', lesson: open, answer: given }))}
    <p role="status">${told ? html`${told.isRight ? 'Right.' : `Not quite. The answer is: ${told.right}.`} ${withCode(told.because)}` : nothing}</p>
    <h3>See it elsewhere</h3>
    <p>In Grafana (<code>make up</code>, with Docker), page <code>/d/${places.grafana.dashboard}</code>,
      “${places.grafana.panel}”: ${withCode(places.grafana.look)}</p>
    <p>In the code, line ${line} of <code>${file}</code>: ${places.code.look}</p>
    <button ?disabled=${!mayAct} @click=${() => again(act)}>Guess and play it again</button>
    ${next ? html`<button @click=${() => show(next.name)}>Next lesson: ${numberOf(next.name)}. ${next.title}</button>` : nothing}`
}

/** A run that is not like most; loud, with the button to play it again, where it proves nothing. */
function remark({ remark, isInvalid }, run, knob, act, mayAct) {
  if (!remark) return nothing
  if (!isInvalid) return html`<p>${remark}</p>`
  return html`<div role="alert" class="invalid"><p><strong>This run proves nothing</strong></p><p>${remark}</p>
    ${play(run, knob, act, mayAct, 'Play it again')}</div>`
}

/** Forgets the guesses of this lesson on this page; the next ones replace them. */
function again() {
  view = { ...view, guesses: undefined, after: undefined }
  told = undefined
  draw()
}

function compared1({ guessed, measured, off, bars }) {
  const most = Math.max(1e-9, ...(bars ?? []))
  const bar = (i) => (bars ? html`<meter min="0" max=${most} value=${bars[i]} aria-hidden="true"></meter>` : nothing)
  return html`${guessed ? html`<p>you: <b>${guessed}</b> ${bar(0)}</p>` : nothing}
    <p>measured: <b>${measured}</b> ${bar(1)}</p>
    ${off ? html`<p class="quiet">${off}</p>` : nothing}`
}

function play({ command, seconds }, knob, act, mayAct, says = 'Play it') {
  if (playing) return progress(playing, playing.name === view.name)
  return html`<p><button ?disabled=${!mayAct} @click=${() => send(act, { do: 'play', lesson: open, knob })}>${says} (about ${seconds} s)</button>
    Picture, numbers and story show it live. Or in a terminal, EMBEDDED=1 for “without Docker”:
    <code>${command}</code></p>`
}

/** The page draws anew every second, as the numbers of its own API come. */
function progress({ from, until }, isThis) {
  const left = Math.ceil((until - Date.now()) / 1000)
  return html`<p>${isThis ? 'It is being played, on an API of its own.' : 'The run of another lesson is being played.'}
    <b>${left > 0 ? `About ${left} s to go.` : 'It is being judged.'}</b> Watch picture, numbers and story.
    <progress max=${until - from} value=${Math.min(until, Date.now()) - from} aria-label="The run"></progress></p>`
}

/** Questions with a field or options each; their letters and numbers are what the lab takes. */
export function form(asked, says, mayAct, take) {
  const submit = (event) => {
    event.preventDefault()
    const data = new FormData(event.target)
    take(asked.map((_, i) => String(data.get(`q${i}`) || '?').trim()))
  }
  return html`<form @submit=${submit}><fieldset ?disabled=${!mayAct}>${asked.map(({ ask, options, how }, i) => {
    const isOrder = how.startsWith('letters')
    return html`<fieldset class="ask"><legend>${ask}</legend>
      ${options.map((option, k) =>
        isOrder
          ? html`<p>${letters[k]}) ${option}</p>`
          : html`<label><input type="radio" name="q${i}" value=${letters[k]}> ${option}</label>`,
      )}
      ${options.length === 0 || isOrder ? html`<input type="text" name="q${i}" size="8" aria-label=${how} autocomplete="off"> ${how}` : nothing}
    </fieldset>`
  })}<button>${says}</button></fieldset></form>`
}

const numberOf = (name) => Number.parseInt(name, 10)

const command = /(make (?:[a-z]+-[a-z]+|up|load|outage|experiment|tradeoff|mystery)\b(?: [A-Z_]+=[\w.-]+)*)/

/** The commands in a sentence, set as code. */
export const withCode = (text) => text.split(command).map((part, i) => (i % 2 ? html`<code>${part}</code>` : part))

const paragraphs = (text) =>
  text.split(/\n\s*\n/).map((one) => html`<p>${withCode(one.replace(/\s+/g, ' ').trim())}</p>`)
