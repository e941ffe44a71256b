// Every lesson as data: what it names exists, and each of its numbers can be measured. No API is started.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { series } from '../src/anomalies/detect.ts'
import {
  findLesson,
  type Guess,
  type Lesson,
  lessonNames,
  loadLesson,
  type Play,
  placeOf,
  secondsUnderLoad,
} from '../src/course/lesson.ts'
import { compare, isAnswer, isRight, numberGiven, optionsOf, withNumbers } from '../src/course/numbers.ts'
import { remarkOf, runSince } from '../src/course/progress.ts'
import { requestAt } from '../src/load/mix.ts'
import { experimentNames, lengthOf, loadExperiment } from '../src/runner/experiment.ts'
import { journalOf } from '../src/runner/journal-of.ts'
import { measures } from '../src/runner/measures.ts'
import type { Run } from '../src/runner/run.ts'
import { loadTradeoff } from '../src/runner/tradeoff.ts'
import type { Journal } from '../src/runs/journal.ts'
import { loadSlo } from '../src/slo.ts'
import { root, scratchFolder } from './helpers.ts'
import { onBusyMachine, recorded, withResults } from './recorded.ts'

const slo = loadSlo(join(root, 'slo.json'))
const lessons = await Promise.all(lessonNames().map(async (name) => ({ name, lesson: await loadLesson(name) })))
const figures = 'seconds due sent answered failed error_ratio p50_ms p95_ms p99_ms max_ms mean_ms rate'.split(' ')

/** Every reference that a run of the experiment can answer. */
async function answerable({ experiment: name }: Play): Promise<Set<string>> {
  const { phases, expectations, predictions, capacity } = await loadExperiment(name, slo)
  const asked = [...expectations, ...predictions].map(({ measure, phase }) => (phase ? `${measure}@${phase}` : measure))
  const ofPhases = phases.flatMap((phase) => figures.map((figure) => `${figure}@${phase.name}`))
  const patience = phases.flatMap(({ name, clients }) => (clients ? [`patience@${name}`] : []))
  const alarms = Object.keys(series).map((name) => `alarm:${name}`)
  return new Set([...asked, ...ofPhases, ...patience, ...alarms, ...(capacity ? ['capacity', 'work_ms'] : [])])
}

const inText = (text: string) => [...text.matchAll(/\{(.+?)\}/g)].map(([, reference = '']) => reference)
const inGuess = (guess: Guess) =>
  'number' in guess ? [guess.number] : 'choice' in guess ? [guess.of] : Object.values(guess.order)

function check(references: string[], known: Set<string>): void {
  for (const reference of references.flatMap((one) => one.split('/'))) assert.ok(known.has(reference), reference)
}

async function isComplete({ run, guesses, why, knob, question, grafana, code }: Lesson): Promise<void> {
  const known = await answerable(run)
  check([...guesses.flatMap(inGuess), ...inText(why), ...inText(knob.says), ...inText(question.because)], known)
  const second = 'experiment' in knob ? await answerable(knob) : new Set<string>()
  const both = inText(knob.after)
  check(
    both.filter((one) => one.startsWith('first ')).map((one) => one.slice('first '.length)),
    known,
  )
  check(
    both.filter((one) => !one.startsWith('first ')),
    second,
  )
  for (const play of [run, ...('experiment' in knob ? [knob] : [])]) {
    const full = lengthOf(await loadExperiment(play.experiment, slo))
    const underLoad = await secondsUnderLoad(play, slo)
    assert.ok(
      underLoad <= 60 && play.seconds <= full,
      `${play.experiment}: ${underLoad} s, ${play.seconds} s of ${full}`,
    )
  }
  if ('command' in knob) {
    const [, name] = /^make tradeoff NAME=([a-z-]+) EMBEDDED=1$/.exec(knob.command) ?? []
    assert.ok(existsSync(join(root, 'lab/src/tradeoffs', `${name}.ts`)), knob.command)
  }
  assert.ok(guesses.length >= 2 && guesses.length <= 3)
  for (const guess of guesses) {
    if ('choice' in guess)
      assert.deepEqual(
        [guess.limits.length, guess.limits],
        [guess.choice.length - 1, guess.limits.toSorted((a, b) => a - b)],
      )
    if (!('number' in guess)) continue
    const measure = measures[guess.number.split('@')[0] as keyof typeof measures]
    if (measure) assert.equal(guess.unit, measure.unit === 'x' ? 'requests' : measure.unit)
  }
  if ('options' in question) assert.ok(question.options.includes(question.right))
  assert.ok(why.split(/\s+/).length <= 200, `why has ${why.split(/\s+/).length} words`)
  const { panels } = JSON.parse(readFileSync(join(root, `grafana/dashboards/${grafana.dashboard}.json`), 'utf8'))
  assert.ok(
    panels.some(({ title }: { title?: string }) => title === grafana.panel),
    grafana.panel,
  )
  assert.match(placeOf(code) ?? 'not there once', /^[a-z/0-9.-]+:\d+$/, code.fragment)
}

for (const { name, lesson } of lessons)
  test(`lesson ${name} names experiments, numbers, a panel and a line of code that exist`, () => isComplete(lesson))

test('each sentence of a lesson names commands that can be run', () => {
  for (const { name, lesson } of lessons)
    for (const [, kind, what = ''] of JSON.stringify(lesson).matchAll(/make (experiment|tradeoff) NAME=([a-z-]+)/g)) {
      if (kind === 'experiment') assert.ok(experimentNames().includes(what), `${name}: ${what}`)
      else assert.ok(existsSync(join(root, 'lab/src/tradeoffs', `${what}.ts`)), `${name}: ${what}`)
    }
})

test('a lesson is found by its number, its word and its whole name', () => {
  assert.deepEqual(
    lessonNames().map((name) => Number(name.slice(0, 2))),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  )
  for (const name of ['3', '03', 'outage', '03-outage']) assert.equal(findLesson(name), '03-outage')
  for (const name of ['11', '', 'x']) assert.throws(() => findLesson(name), /01-normal/)
})

/** The journal of lesson 3's run, in which everything went as it should; or on a machine that was too busy. */
async function journal(change = (run: Run) => run) {
  const experiment = await loadExperiment('outage-chmod', slo)
  const run = change(recorded(experiment))
  const target = { mode: 'embedded', journalMode: 'delete' } as const
  const about = { name: 'x', experiment, slo, target, again: '' }
  return journalOf(run, about)
}

test('a text holds the numbers of its run; a missing one is named', async () => {
  const run = await journal()
  const { text, missing } = withNumbers(
    '{refused@outage} {p95_ms@before} {p95_ms@outage/p95_ms@before} {alarm:error_ratio} {alarm:p95_ms}',
    run,
  )
  assert.deepEqual([text, missing], ['100 % 5 ms 5 ms against 5 ms 1 s never', []])
  assert.deepEqual(withNumbers('{goodput@outage} {p95_ms@soon} {capacity}', run).missing, [
    'goodput@outage',
    'p95_ms@soon',
    'capacity',
  ])
  const first = structuredClone(run)
  for (const { figures } of first.happened.phases) figures.p95_ms = 7
  assert.equal(withNumbers('{first p95_ms@before}, {p95_ms@before}', run, first).text, '7 ms, 5 ms')
})

test('how long a client waits is known from the plan of its run', async () => {
  const experiment = await loadExperiment('retry-storm', slo)
  const target = { mode: 'embedded', journalMode: 'delete' } as const
  const run = journalOf(recorded(experiment), { name: 'x', experiment, slo, target, again: '' })
  const { text, missing } = withNumbers('{patience@after}', run)
  const { clients } = experiment.phases.find(({ name }) => name === 'after') ?? assert.fail()
  assert.deepEqual([text, missing], [`${Math.round(clients?.timeoutMs ?? 0)} ms`, []])
})

test('guesses stand beside the measurement: numbers, choices and orders, and no idea is no mistake', async () => {
  const run = await journal()
  const off = (guess: Guess, answer: string) => compare(guess, answer, run).off
  const number: Guess = { ask: '', number: 'p95_ms@before', unit: 'ms' }
  assert.deepEqual(compare(number, '50', run).bars, [50, 5])
  assert.match(off(number, '50'), /10 times/)
  const choice: Guess = { ask: '', choice: ['none', 'some', 'all'], of: 'refused@outage', limits: [1, 99] }
  assert.deepEqual([off(choice, 'c'), off(choice, 'a') === off(choice, 'c')], ['right', false])
  const order: Guess = { ask: '', order: { much: 'due@before', few: 'failed@before', some: 'p95_ms@before' } }
  assert.deepEqual([off(order, 'bca'), off(order, 'abc') === off(order, 'bca')], ['right', false])
  for (const guess of [number, choice, order]) assert.equal(off(guess, '?'), '')
  const all = ['1.5', '1 s', '1,000', '5 h', 'a', 'd', 'bca', 'abd', '?', '']
  const answers = (guess: Guess) => all.filter((one) => isAnswer(guess, one))
  assert.deepEqual([number, choice, order].map(answers), [
    ['1.5', '1 s', '1,000', '?'],
    ['a', '?'],
    ['bca', '?'],
  ])
  assert.deepEqual(
    ['1 s', '0.5 s', '200 ms', '1,000'].map((one) => numberGiven(number, one)),
    ['1000', '500', '200', '1000'],
  )
})

/** Answers that come too late for the expectations, on a machine that may be why. */
const busy = (run: Run) => onBusyMachine(withResults(run, ({ done }) => ({ done: done + 2000 })))

test('an INVALID run judges no guess, and shows what it has: nothing is left out of a text', async () => {
  const [good, invalid] = [await journal(), await journal(busy)]
  assert.deepEqual([good.verdict, invalid.verdict], ['PASS', 'INVALID'])
  const lesson = await loadLesson('03-outage')
  for (const guess of lesson.guesses)
    for (const answer of 'choice' in guess ? ['a', 'b', 'c', '?'] : ['7', '2000', '?']) {
      const { off, bars, measured } = compare(guess, answer, invalid)
      assert.deepEqual([off, bars], [answer === '?' ? '' : compare(guess, 'b', invalid).off, undefined])
      assert.match(measured, /\d/)
      assert.equal(compare(guess, answer, good).off === '', answer === '?')
    }
  for (const { lesson } of lessons) {
    const { text } = withNumbers(`${lesson.why} ${lesson.knob.says} ${lesson.knob.after}`, invalid)
    assert.doesNotMatch(text, /[[\]{}]/)
  }
  assert.deepEqual(withNumbers(lesson.why, invalid).missing, [])
  // Each number of a comparison is that of its own run.
  const both = (run: Journal, first: Journal) => withNumbers('{first p95_ms@before}, {p95_ms@before}', run, first).text
  assert.deepEqual([both(good, invalid), both(invalid, good)], ['2,005 ms, 5 ms', '5 ms, 2,005 ms'])
})

test('the remark on an INVALID run says the reason; a run that went as most do has none', async () => {
  const invalid = await journal(busy)
  assert.equal(remarkOf(await journal()), '')
  assert.ok(remarkOf(invalid).includes('INVALID') && remarkOf(invalid).includes(invalid.reasons[0] ?? 'none'))
})

test('the answer to the question of every lesson is accepted, and another one is not', () => {
  for (const {
    lesson: { question },
  } of lessons) {
    const right = 'number' in question ? String(question.number) : 'abcdef'[optionsOf(question).indexOf(question.right)]
    const wrong = 'number' in question ? String(2 * question.number) : right === 'a' ? 'b' : 'a'
    assert.deepEqual([isRight(question, right ?? ''), isRight(question, wrong)], [true, false])
    assert.ok(isAnswer(question, right ?? '') && !isAnswer(question, '?'))
  }
})

test('the row of a comparison that lesson 8 names is there', async () => {
  const { knob } = await loadLesson('08-crash')
  const { compared } = await loadTradeoff('group-or-each', slo)
  const titles = compared.map(({ measure }) => measures[measure].title)
  const [, named = ''] = /"(.+?)"/.exec(knob.after) ?? []
  assert.ok(titles.includes(named), named)
})

test('a run that cannot be read is none', (t) => {
  const folder = scratchFolder(t)
  const run = join(folder, '2026-11-22T18-03-05.123Z-mystery')
  mkdirSync(run)
  writeFileSync(join(run, 'journal.json'), '{')
  assert.equal(runSince(folder, { experiment: 'mystery', seconds: 45 }, ''), undefined)
})

test('rates, goals and the mix in the texts of lessons are those of slo.json and of the load', () => {
  const { baseline, peak } = slo.goals
  const kinds = Array.from({ length: 1_000 }, (_, i) => requestAt(i, ['id']).kind)
  const share = (kind: string) => Math.round(kinds.filter((one) => one === kind).length / 10)
  const said: Record<string, string[]> = {
    '01-normal': [
      `sends ${baseline.rate} requests a second`,
      `p95 below ${baseline.latency_ms} ms at ${baseline.rate} requests a second`,
      `${peak.rate} requests a second instead of ${baseline.rate}`,
    ],
    '03-outage': [`${baseline.rate} requests a second`],
    '04-frozen': [`${baseline.rate} a second`],
    '05-half': [
      `${share('read')} of 100 requests read one note, ${share('list')} read a list, and ${share('write')} write a note`,
    ],
    '08-crash': [`write ${(baseline.rate * share('write')) / 100} notes a second`],
  }
  for (const { name, lesson } of lessons) {
    const text = JSON.stringify(lesson).replaceAll(/\\n\s+/g, ' ')
    for (const words of said[name] ?? []) assert.ok(text.includes(words), `${name}: ${words}`)
  }
})
