import { runOnPostgres } from '../postgres.ts'

await runOnPostgres('./logout.test.ts')
