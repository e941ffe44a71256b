// A process of its own that outlives the lab, even after kill -9: whatever ended the lab, the system closes its end of
// this pipe. Then the API and the folder are cleared away.
import { clearFolder } from './temp-folder.ts'

const [folder = ''] = process.argv.slice(2)

process.stdin.resume()
process.stdin.on('end', () => clearFolder(folder))
