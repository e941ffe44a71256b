// A program: holds so many connections to a port, each of which sends this text and no more, and opens another one a
// second after one was closed. In a process of its own, so that an honest client need not wait for it.
import { connect } from 'node:net'

const [, , port, count, text = ''] = process.argv

function open() {
  const socket = connect(Number(port), '127.0.0.1')
  if (text !== '') socket.write(text)
  socket.resume().on('error', () => {})
  socket.on('close', () => setTimeout(open, 1000))
}
for (let i = 0; i < Number(count); i++) open()
