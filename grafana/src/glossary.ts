import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const file = join(import.meta.dirname, '../../docs/glossary.md')
const found = readFileSync(file, 'utf8').matchAll(/^<a id="(?<id>.+?)"><\/a>\*\*(?<word>.+?)\*\*: (?<meaning>.+)$/gm)

/** The entries of docs/glossary.md, each with the address under which Grafana shows it alone. Panel 1 is the introduction. */
export const entries = [...found].map(({ groups: { id = '', word = '', meaning = '' } = {} }, index) => ({
  id,
  word,
  meaning,
  path: `/d/glossary?viewPanel=${index + 2}`,
}))

/** Links to the entries whose words stand in a text. */
export function linksFor(text: string): string {
  // FAIL is a verdict, and to fail is none.
  const isIn = (word: string) =>
    new RegExp(`(?<![\\w/])${word}s?(?!\\w)`, word === word.toUpperCase() ? '' : 'i').test(text)
  const fitting = entries.filter(({ word }) => word.split(/[,:] /).some(isIn))
  return fitting.map(({ word, path }) => `[${word}](${path})`).join(' · ')
}
