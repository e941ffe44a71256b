import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '..')
const image = 'prom/prometheus:v3.13.2'
const local = spawnSync('promtool', ['--version']).status === 0
const container = !local && spawnSync('docker', ['image', 'inspect', image]).status === 0

/** Why promtool cannot be run here; undefined when it can. */
export const noPromtool = local || container ? undefined : `neither promtool nor the image ${image} is here`

/** Runs promtool in the folder prometheus/, from the host or from Prometheus' image. */
export function promtool(...args: string[]): { status: number | null; output: string } {
  const inImage = ['run', '--rm', '--network', 'none', '-v', `${folder}:/rules:ro`, '-w', '/rules']
  const [command, all] = local
    ? ['promtool', args]
    : ['docker', [...inImage, '--entrypoint', 'promtool', image, ...args]]
  const { status, stdout, stderr, error } = spawnSync(command, all, { cwd: folder, encoding: 'utf8' })
  return { status, output: error ? String(error) : stdout + stderr }
}
