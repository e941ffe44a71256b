// Lessons and mysteries ask questions: a test answers them in a terminal, as a person does.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import type { TestContext } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import type { Slo } from '../src/slo.ts'
import { type Run, until } from './helpers.ts'
import { experiment } from './run-experiment.ts'

export const noPty =
  spawnSync('script', ['--version']).status !== 0 && 'there is no program script, which makes a terminal'

export const prompt = /\[(?<kind>[^[\]\n]+)\] $/
const answers: Record<string, string> = { 'a letter': 'a', 'letters, for example: bac': 'cab', Enter: '' }

/** Starts a command in a terminal, its runs kept in `folder`. */
export function start(t: TestContext, folder: string, args: string[]) {
  // Requests that are frozen for longer than a refusal may take count as such.
  const change = ({ outage }: Slo) => {
    outage.refusal_p99_ms = 100
  }
  return experiment(t, [...args, '--folder', folder], change, { terminal: true })
}

/** Answers every question until the command ends; a number where no other answer is known. */
export async function answerAll(run: Run): Promise<void> {
  const out = () => stripVTControlCharacters(run.out())
  let answered = 0
  let end: unknown
  run.ended.then((code) => (end = code))
  while (end === undefined) {
    await until('it asks, or ends', () => end !== undefined || prompt.test(out().slice(answered)), 150)
    const kind = prompt.exec(out().slice(answered))?.groups?.kind
    answered = out().length
    if (kind !== undefined) run.child.stdin?.write(`${answers[kind] ?? '7'}\n`)
  }
  assert.equal(end, 0, run.out())
}
