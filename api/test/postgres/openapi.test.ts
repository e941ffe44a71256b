import { runOnPostgres } from '../postgres.ts'

await runOnPostgres('./openapi.test.ts')
