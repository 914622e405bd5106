/**
 * What a test needs and the machine lacks: skips the test with the reason printed, or fails it where
 * CI is set, because there nothing may be left out unnoticed.
 */
export function requireServer(context: { skip(note?: string): never }, reason: string): never {
  if (process.env['CI']) throw new Error(`${reason} (CI is set: nothing is skipped)`)
  process.stderr.write(`skipped: ${reason}\n`)
  return context.skip(reason)
}
