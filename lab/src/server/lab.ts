import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { aborted } from '../clock.ts'
import { openOnDesktop } from '../processes.ts'
import { withEmbedded } from '../targets/embedded.ts'
import { createPages } from './http.ts'
import { createLive } from './live.ts'
import { livePage } from './page.ts'
import { listen } from './server.ts'

type LabOptions = {
  port: number
  slo: string
  record: string
  open: boolean
  folder: string
  seconds?: number
  stop: AbortSignal
}

/** The live page on an API of its own, in a temporary folder, until the signal. */
export async function openLab({ port, open, stop, ...rest }: LabOptions): Promise<void> {
  await withEmbedded({}, async (target) => {
    const live = createLive({ target, stop, ...rest })
    const token = randomBytes(18).toString('base64url')
    const pages = createPages(live.state, livePage(live, token))
    try {
      // A port that was asked for must be it; the default one may be taken.
      await listen(pages, { host: '127.0.0.1', port }, port === usualPort)
      const link = `http://127.0.0.1:${(pages.address() as AddressInfo).port}/#${token}`
      console.log(
        `The lab is open: ${link}\n\nWith this link you can act; without the part behind # it only shows. Ctrl-C ends it.`,
      )
      if (open) openOnDesktop(link)
      await Promise.race([aborted(stop), target.ended.then((why) => stop.aborted || console.error(why))])
      console.log(`Ending: ${await live.faults.undoAll()}`)
    } finally {
      pages.close()
      pages.closeAllConnections()
      await live.close()
    }
  })
}

const usualPort = 8090
