// A mystery: something goes wrong, unannounced. What, since when, and which number showed it first?
import { form, letters, withCode } from './lessons.js'
import { html } from './lit-html.js'

/** Until it is answered, only the numbers are shown. */
export const isHidden = ({ mystery }) => Boolean(mystery && !mystery.debrief)

const levels = [
  { ask: 'Level', how: 'a letter', options: ['ten seconds of trouble', 'six seconds, more kinds', 'three seconds'] },
  { ask: 'The same seed is the same mystery, for a class. Empty: any', how: 'a number', options: [] },
]

export function offerMystery(mayAct, act) {
  const begin = ([level, seed]) =>
    act({
      do: 'mystery',
      level: Math.max(0, letters.indexOf(level)) + 1,
      seed: /^\d+$/.test(seed) ? Number(seed) : undefined,
    })
  return html`<h2>Mystery</h2>
    <p class="quiet">Something goes wrong, and nothing tells you what. You watch the numbers for 45 seconds.</p>
    ${form(levels, 'Play a mystery', mayAct, begin)}`
}

export function mystery({ level, from, seconds, questions, debrief }, mayAct, act) {
  const end = html`<button ?disabled=${!mayAct} @click=${() => act({ do: 'end' })}>${debrief ? 'All lessons' : 'Give up'}</button>`
  const solve = (answers) => act({ do: 'solve', answers })
  return html`<h2>Mystery of level ${level}</h2>${
    debrief
      ? told(debrief)
      : questions
        ? html`<p role="status">It is over. The charts count its seconds.</p>${form(questions, 'Compare', mayAct, solve)}`
        : watching(from, seconds)
  }<p>${end}</p>`
}

function watching(from, seconds) {
  if (!from) return html`<p role="status">Its load begins in a moment.</p>`
  const second = Math.min(seconds, Math.ceil((Date.now() - from) / 1000))
  return html`<p role="status">Something will go wrong: watch the numbers.</p>
    <p><b>Second ${second}</b> of ${seconds}</p>
    <progress max=${seconds} value=${second} aria-label="The mystery"></progress>`
}

const told = ({ rows, remarks, again }) =>
  html`<dl>${rows.map(
    ([name, you, truth]) => html`<dt>${name}</dt><dd>you: <b>${you}</b></dd><dd>truth: <b>${truth}</b></dd>`,
  )}</dl>${remarks.map((one) => html`<p>${withCode(one)}</p>`)}<p>The same in a terminal: <code>${again}</code></p>`
