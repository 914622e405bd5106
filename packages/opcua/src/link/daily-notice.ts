import type { Logger, Memory } from '@mapper-sdk/core'

const dayMs = 86_400_000
const key = 'opcua.notices'

/**
 * Warns at most once a day with the same words, however often a device reconnects. Numbers do not make
 * them other words: "in 29 days" is said again the next day and not before.
 */
export function createDailyNotice(
  logger: Logger,
  memory: Memory,
  now: () => number,
): (text: string) => void {
  return (text) => {
    const known = memory.get(key)
    const said = known instanceof Map ? (known as Map<string, number>) : new Map<string, number>()
    memory.set(key, said)
    const at = now()
    for (const [words, time] of said) if (Math.abs(at - time) >= dayMs) said.delete(words)
    const words = text.replaceAll(/\d+ days/g, 'days')
    if (said.has(words)) return
    said.set(words, at)
    logger.warn(text)
  }
}
