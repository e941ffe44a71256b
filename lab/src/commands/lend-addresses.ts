import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { sleep } from '../clock.ts'
import { addressesOfLoopback } from '../targets/addresses.ts'

const idleMs = 10 * 60_000

/**
 * In the network of the API's container: passes every connection on to it, from another address of the loopback for each
 * port. Ends by itself ten minutes after the last one.
 */
export async function lendAddresses(url: string, firstPort: number, stop: AbortSignal): Promise<number> {
  const { hostname, port } = new URL(url)
  let last = Date.now()
  for (const [i, { localAddress }] of addressesOfLoopback(url).entries()) {
    const server = createServer((client) => {
      last = Date.now()
      const api = connect({ host: hostname, port: Number(port), localAddress })
      // Only the loop below decides how long this process lives.
      for (const socket of [client, api]) socket.unref()
      pipeline(client, api, client).catch(() => {})
    })
    server.unref().listen(firstPort + i)
    await once(server, 'listening')
  }
  console.log('ready')
  while (!stop.aborted && Date.now() - last < idleMs) await sleep(1000, stop).catch(() => {})
  return 0
}
