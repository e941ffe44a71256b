import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { loadLesson } from '../src/course/lesson.ts'
import { findRun } from '../src/runs/find-run.ts'
import { scratchFolder } from './helpers.ts'
import { answerAll, start } from './in-terminal.ts'

/** Every number is there; on a machine that is too busy for a fault to land the test is skipped. */
export function isMeasured(t: TestContext, out: string): void {
  const missing = /not measured|nothing to measure/
  if (out.includes('INVALID') && missing.test(out)) t.skip('this machine is too busy for a run that proves something')
  else assert.doesNotMatch(out, missing)
}

export const progressIn = (folder: string) => JSON.parse(readFileSync(join(folder, 'lessons.json'), 'utf8'))

/** Plays a lesson to its end. Returns what it wrote, and how the run of its experiment was judged. */
export async function played(t: TestContext, name: string, seconds: number) {
  const folder = join(scratchFolder(t), 'runs')
  const { run } = await loadLesson(name)
  const lesson = start(t, folder, ['lesson', name, '--seconds', String(seconds)])
  await answerAll(lesson)
  assert.ok(progressIn(folder)[name].done)
  const { verdict, reasons } = findRun(folder, run.experiment).journal
  return { out: lesson.out(), verdict, reasons }
}
