import { parseArgs } from 'node:util'
import { measureCommits } from './parts/commits.ts'
import { measureLayers } from './parts/layers.ts'
import { measureLogins } from './parts/logins.ts'
import { measureMemory } from './parts/memory.ts'
import { measureOutage } from './parts/outage.ts'
import { measureRate } from './parts/rate.ts'
import { measureSessions } from './parts/sessions.ts'
import { machine, save, table } from './report.ts'

const parts = {
  layers: measureLayers,
  commits: measureCommits,
  rate: measureRate,
  memory: measureMemory,
  logins: measureLogins,
  outage: measureOutage,
  sessions: measureSessions,
}
type Name = keyof typeof parts
const names = Object.keys(parts) as Name[]

process.on('SIGINT', () => process.exit(130))
process.on('SIGTERM', () => process.exit(143))

const { wanted, quick } = choice()
console.log(`${machine.cpu}, ${machine.cores} cores, ${machine.platform}, Node ${machine.node}`)
if (quick)
  console.log('Quick: fewer and shorter rounds. The figures are rough; run it without --quick before you quote one.')
if (machine.loadBefore > machine.cores / 4) {
  console.log(
    `Other programs are at work here (load ${machine.loadBefore}): look at the ratios, not at the absolute figures.`,
  )
}
console.log()

const found: Record<string, unknown> = {}
let broken = 0
for (const name of wanted) {
  const say = (text: string) => console.error(`  ${name}: ${text}`)
  try {
    const part = await parts[name]({ quick, say })
    console.log(`\n${table(part)}`)
    found[name] = part
  } catch (error) {
    broken++
    console.error(`\n${name} broke: ${error instanceof Error ? error.stack : error}\n`)
    found[name] = { broken: String(error) }
  }
}
try {
  console.log(`Every round: ${save({ time: new Date(), machine, quick, parts: found })}`)
} catch (error) {
  broken++
  console.error(`The file of the figures could not be written: ${(error as Error).message}`)
}
process.exit(broken > 0 ? 1 : 0)

function choice(): { wanted: Name[]; quick: boolean } {
  try {
    const { values, positionals } = parseArgs({ options: { quick: { type: 'boolean' } }, allowPositionals: true })
    const wrong = positionals.filter((name) => !names.includes(name as Name))
    if (wrong.length > 0) throw new Error(`There is no part ${wrong.join(', ')}.`)
    return {
      wanted: names.filter((name) => positionals.length === 0 || positionals.includes(name)),
      quick: values.quick === true,
    }
  } catch (error) {
    console.error(
      `${(error as Error).message.split('. ')[0]}\nUsage: make bench PARTS="[--quick] [${names.join('] [')}]"`,
    )
    process.exit(1)
  }
}
