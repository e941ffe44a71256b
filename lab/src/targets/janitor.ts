// A process of its own that outlives the lab, even after kill -9: the system closes the lab's end of this pipe whatever
// happened to it, and then there may be an API and a folder to clear away.
import { clearFolder } from './temp-folder.ts'

const [folder = ''] = process.argv.slice(2)

process.stdin.resume()
process.stdin.on('end', () => clearFolder(folder))
