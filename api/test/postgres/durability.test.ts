import { runOnPostgres } from '../postgres.ts'

await runOnPostgres('./durability.test.ts')
