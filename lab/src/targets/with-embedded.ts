import { join } from 'node:path'
import { self } from '../processes.ts'
import type { Experiment } from '../runner/experiment.ts'
import { callJanitor } from './call-janitor.ts'
import { openEmbedded } from './embedded.ts'
import { mountSmallDisk } from './small-disk.ts'
import type { Target } from './target.ts'
import { clearFolder, makeFolder, writeOwner } from './temp-folder.ts'

type Needs = Pick<Experiment, 'settings' | 'disk'>

/** Starts an API of its own as an experiment needs it, for as long as `use` takes. Leaves nothing behind, kill -9 included. */
export async function withEmbedded<T>({ settings, disk }: Needs, use: (target: Target) => Promise<T>): Promise<T> {
  const owner = { lab: self(), disk: disk !== undefined }
  const folder = makeFolder(owner)
  const dismissJanitor = callJanitor(folder)
  try {
    if (disk !== undefined) mountSmallDisk(join(folder, 'data'), disk)
    const target = await openEmbedded({ folder, settings, started: (api) => writeOwner(folder, { ...owner, api }) })
    return await use(target).finally(target.stop)
  } finally {
    await clearFolder(folder)
    dismissJanitor()
  }
}
