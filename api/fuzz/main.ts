// Generated requests against a real API of its own: `main.ts 10000`. SEED=… repeats a run.
import { fuzz } from './fuzz.ts'

const least = Number(process.argv[2] ?? 10_000)
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))
if (!Number.isInteger(least) || least < 1 || !Number.isInteger(seed)) {
  console.error('The number of requests and SEED must be whole numbers, for example: SEED=42 … api/fuzz/main.ts 10000')
  process.exit(1)
}
const cleaning: (() => void)[] = []
console.log(`at least ${least} requests, SEED=${seed} ...`)
try {
  const { requests, connections, statuses, series, mebibytes } = await fuzz(
    { after: (clean) => cleaning.push(clean) },
    least,
    seed,
  )
  for (const [status, count] of Object.entries(statuses)) console.log(`  ${status}  ${count}`)
  console.log(`${requests} requests on ${connections} connections; every answer is as /openapi.json says.`)
  console.log(
    `${series} lines of metrics; it holds ${mebibytes[1]} MiB, ${mebibytes[0]} after the first tenth; nothing in the log that should not be.`,
  )
} catch (error) {
  console.error((error as Error).message)
  console.error(`Repeat it with SEED=${seed}`)
  process.exitCode = 1
} finally {
  for (const clean of cleaning.reverse()) clean()
}
