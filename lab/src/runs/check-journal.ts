import type { Journal } from './journal.ts'

type Kind = 'string' | 'number' | 'array' | 'object'

const needed: Record<string, Kind> = {
  experiment: 'string',
  question: 'string',
  hypothesis: 'string',
  mode: 'string',
  started: 'string',
  'run.number': 'number',
  'run.of': 'number',
  environment: 'object',
  'environment.cpus': 'object',
  'slo.goals': 'object',
  'planned.phases': 'array',
  'planned.faults': 'array',
  'happened.phases': 'array',
  'happened.faults': 'array',
  seconds: 'array',
  expectations: 'array',
  verdict: 'string',
  reasons: 'array',
  predictions: 'array',
  'notes.acknowledged': 'number',
  again: 'string',
}

/** The parts of a journal that are missing or of another kind than they should be; empty when it can be used. */
export function faultsOf(journal: unknown): string[] {
  const wrong = Object.keys(needed).filter((path) => kindOf(at(journal, path)) !== needed[path])
  if (wrong.length > 0) return wrong
  const { seconds, happened, expectations, predictions } = journal as Journal
  const rows = {
    seconds,
    'happened.phases': happened.phases,
    'happened.faults': happened.faults,
    expectations,
    predictions,
  }
  return Object.entries(rows)
    .filter(([, list]) => list.some((row: unknown) => kindOf(row) !== 'object'))
    .map(([path]) => path)
}

function at(value: unknown, path: string): unknown {
  return path.split('.').reduce((inner, key) => (inner as Record<string, unknown> | null | undefined)?.[key], value)
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return value === null ? 'null' : typeof value
}
