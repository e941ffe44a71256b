// Writes what is made from code and slo.json: the dashboards' JSON and the goals as Prometheus sees them.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { products } from './src/products.ts'

const root = dirname(import.meta.dirname)
const folder = join(root, 'grafana/dashboards')
mkdirSync(folder, { recursive: true })
for (const name of readdirSync(folder)) rmSync(join(folder, name))
for (const [file, content] of products()) {
  writeFileSync(join(root, file), content)
  console.log(file)
}
