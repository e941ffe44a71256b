/** A place from which the API sees a client of another address. */
export type Address = { url: string; localAddress?: string }

const count = 20
const loopback = Array.from({ length: count }, (_, i) => `127.0.0.${i + 21}`)

/** On the loopback of Linux one machine has many addresses; elsewhere it has none to spare. */
export function addressesOfLoopback(url: string): Address[] {
  return process.platform === 'linux' ? loopback.map((localAddress) => ({ url, localAddress })) : []
}

/** Those of `lab lend-addresses`, which listens beside the API on this port and the next ones. */
export function addressesLent(url: string, firstPort: number): Address[] {
  return loopback.map((_, i) => ({ url: Object.assign(new URL(url), { port: String(firstPort + i) }).origin }))
}
