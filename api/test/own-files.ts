import { chownSync, writeFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { newFolder } from './start-api.ts'

// Started as root, the API becomes the owner of its folder, and reads what that user may read.
const root = process.getuid?.() === 0

/** A folder for the API's database and for files that it reads again while it runs. */
export function ownFolder(t: TestContext): string {
  const folder = newFolder(t)
  if (root) chownSync(folder, 1000, 1000)
  return folder
}

/** Writes a file that the API can read. */
export function writeOwn(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 })
  if (root) chownSync(file, 1000, 1000)
}
