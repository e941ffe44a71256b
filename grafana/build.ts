// Writes the generated files: the JSON of the dashboards, and the goals as recorded series.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { artifacts } from './src/artifacts.ts'

const root = dirname(import.meta.dirname)
const folder = join(root, 'grafana/dashboards')
mkdirSync(folder, { recursive: true })
for (const name of readdirSync(folder)) rmSync(join(folder, name))
for (const [file, content] of artifacts()) {
  writeFileSync(join(root, file), content)
  console.log(file)
}
