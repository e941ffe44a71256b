import { runOnPostgres } from '../postgres.ts'

await runOnPostgres('./notes-model.test.ts')
