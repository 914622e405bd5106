import { backoffMs } from './time.ts'

/**
 * A silent device is asked ever more rarely, so that on a shared line it does not slow the others:
 * closed (ask) or open until a time (do not ask), then one probe.
 */
export interface Circuit {
  admits(now: number): boolean
  answered(): void
  silent(now: number): void
}

export function createCircuit(
  random: () => number,
  settings: { readonly probeMaxMs: number },
): Circuit {
  let silences = 0
  let openUntil = 0
  return {
    admits: (now) => now >= openUntil,
    answered() {
      silences = 0
      openUntil = 0
    },
    silent(now) {
      // The first silence may be a hiccup: the device is asked again in its next cycle.
      if (silences++ > 0)
        openUntil = now + backoffMs(silences - 2, random, 500, settings.probeMaxMs)
    },
  }
}
