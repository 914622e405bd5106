/**
 * Preloaded into every child process of `mapper dev`: when the parent is gone, even killed, the
 * channel to it closes, and the child stops by itself. Nothing is left behind.
 */
process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM')
  setTimeout(() => process.exit(1), 10_000).unref()
})
process.channel?.unref()
