import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

export type Rule = {
  record?: string
  alert?: string
  expr: string
  labels?: Record<string, string>
  annotations?: { summary?: string; dashboard?: string; runbook_url?: string }
}

const folder = join(import.meta.dirname, '../../prometheus/rules')

/** Every rule of prometheus/rules, in the order of the files. */
export function rules(): Rule[] {
  return readdirSync(folder)
    .sort()
    .flatMap((file) => parse(readFileSync(join(folder, file), 'utf8')).groups)
    .flatMap((group: { rules: Rule[] }) => group.rules)
}
