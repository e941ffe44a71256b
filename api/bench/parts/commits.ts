import { closedLoop } from '../autocannon.ts'
import { median, quartiles, rotated, show } from '../figures.ts'
import type { Part, Run } from '../report.ts'
import { startServer } from '../servers.ts'

const clients = 128
const kinds = ['on', 'off'] as const // GROUP_COMMIT

/** What group commit is worth: POST/s with it and without it. */
export async function measureCommits({ quick, say }: Run): Promise<Part> {
  const rounds = quick ? 2 : 5
  const seconds = quick ? 1 : 3
  const servers = []
  for (const kind of kinds) {
    const server = await startServer('complete', { GROUP_COMMIT: kind })
    await closedLoop(server, 'POST', { clients, seconds: 1 })
    servers.push({ kind, server })
  }

  const raw: { round: number; kind: (typeof kinds)[number]; perSecond: number }[] = []
  for (let round = 0; round < rounds; round++) {
    say(`round ${round + 1} of ${rounds}`)
    for (const { kind, server } of rotated(servers, round)) {
      raw.push({ round, kind, perSecond: await closedLoop(server, 'POST', { clients, seconds }) })
    }
  }
  await Promise.all(servers.map(({ server }) => server.stop()))

  const rates = (kind: string) => raw.filter((entry) => entry.kind === kind).map((entry) => entry.perSecond)
  const single = rates('off')
  const ratios = rates('on').map((rate, round) => rate / (single[round] ?? Number.NaN))
  return {
    title: `commits: notes written per second by ${clients} clients, ${rounds} interleaved rounds of ${seconds} s`,
    columns: ['commit', 'POST/s', 'quartiles'],
    rows: [
      { cells: ['one per request', show(median(single)), quartiles(single)] },
      { cells: ['one per turn (group commit)', show(median(rates('on'))), quartiles(rates('on'))] },
      {
        cells: ['ratio', show(median(ratios)), quartiles(ratios)],
        target: { text: '>= 10', reached: median(ratios) >= 10 },
      },
    ],
    notes: [],
    raw,
  }
}
