import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The memory that compose.yaml allows the API, in bytes. */
export function memoryLimit(): number {
  const compose = readFileSync(join(import.meta.dirname, '../../compose.yaml'), 'utf8')
  const mebibytes = /^ {2}api:\n(?: {4}.*\n)*? {4}mem_limit: (\d+)m$/m.exec(compose)?.[1]
  if (mebibytes === undefined) throw new Error('compose.yaml names no mem_limit of the service api in m')
  return Number(mebibytes) * 2 ** 20
}
