import { closedLoop, fixedRate, type Method } from '../autocannon.ts'
import { median, quartiles, rotated, show } from '../figures.ts'
import type { Part, Run } from '../report.ts'
import { startServer } from '../servers.ts'

const layers = {
  bare: 'bare node:http, constant body',
  koa: '+ Koa and router',
  sqlite: '+ SQLite, prepared statement',
  kysely: '+ database module, Kysely, real routes',
  token: '+ token check',
  log: '+ request id, errors, log line',
  complete: '+ metrics, main.ts: complete API',
} as const
type Layer = keyof typeof layers
const names = Object.keys(layers) as Layer[]
const methods: Method[] = ['GET', 'POST']

/** What each layer costs, as CPU time of the server's process, against a bare server measured in the same round. */
export async function measureLayers({ quick, say }: Run): Promise<Part> {
  const rounds = quick ? 2 : 8
  const load = { rate: 1_500, seconds: 1 }
  const variants = await Promise.all(names.map(async (layer) => ({ layer, server: await startServer(layer) })))
  for (const { layer, server } of variants) {
    say(`warming up ${layer}`)
    // The compiler's own work belongs to no request; a bare server still gets faster after 50,000 of them.
    for (const method of methods)
      await closedLoop(server, method, { clients: 30, seconds: quick ? 1 : method === 'GET' ? 3 : 2 })
  }

  const raw: { round: number; method: Method; layer: Layer; cpuMicroseconds: number }[] = []
  for (let round = 0; round < rounds; round++) {
    for (const method of methods) {
      say(`round ${round + 1} of ${rounds}, ${method}`)
      for (const { layer, server } of rotated(variants, round)) {
        const before = await server.used()
        const requests = await fixedRate(server, method, load)
        const used = (await server.used()).cpuMicroseconds - before.cpuMicroseconds
        raw.push({ round, method, layer, cpuMicroseconds: used / requests })
      }
    }
  }
  await Promise.all(variants.map(({ server }) => server.stop()))

  const costs = (layer: Layer, method: Method) =>
    raw.filter((entry) => entry.layer === layer && entry.method === method).map((entry) => entry.cpuMicroseconds)
  const ratios = (layer: Layer, method: Method) =>
    costs(layer, method).map((cost, round) => cost / (costs('bare', method)[round] ?? Number.NaN))

  return {
    title: `layers: CPU of the server per request, ${rounds} interleaved rounds of ${load.rate * load.seconds} requests at ${load.rate}/s`,
    columns: ['built from', 'GET us', 'x bare', 'quartiles', 'POST us', 'x bare', 'quartiles'],
    rows: names.map((layer) => ({
      cells: [
        layers[layer],
        ...methods.flatMap((method) => [
          show(median(costs(layer, method))),
          show(median(ratios(layer, method))),
          quartiles(ratios(layer, method)),
        ]),
      ],
      ...(layer === 'complete' && {
        target: { text: 'GET <= 6.5 x', reached: median(ratios(layer, 'GET')) <= 6.5 },
      }),
    })),
    notes: [
      'Medians; each ratio is to the bare server in the same round. Log lines are written to a file.',
      'POST in the row of SQLite: one commit per request; from the database module on, the requests of one turn share a commit.',
    ],
    raw,
  }
}
