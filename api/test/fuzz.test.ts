import { test } from 'node:test'
import { fuzz } from '../fuzz/fuzz.ts'

// The same requests in every run; `make fuzz` looks for new ones.
const seed = Number(process.env.SEED ?? 12)

test(`1500 generated requests are answered as /openapi.json says, and leave no trace (SEED=${seed})`, async (t) => {
  await fuzz(t, 1500, seed)
})
