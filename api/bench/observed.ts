// Preloaded (node --import) into every server that is measured: it tells what its own process has used, and it ends
// when the bench does, whatever ended that.
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuMicroseconds: user + system, rss: process.memoryUsage.rss() })
})
process.on('disconnect', () => process.exit())
