import { test } from 'node:test'
import { fuzz } from '../fuzz/fuzz.ts'

// SEED=… repeats what a run printed.
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))

test(`1500 generated requests are answered as /openapi.json says, and leave no trace (SEED=${seed})`, async (t) => {
  await fuzz(t, 1500, seed)
})
