// Preloaded (node --import) into every measured server: reports the CPU time of its process, and ends with the bench, even
// when that is killed.
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuMicroseconds: user + system, rss: process.memoryUsage.rss() })
})
process.on('disconnect', () => process.exit())
