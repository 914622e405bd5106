import type { MapperError, Watch } from '@mapper-sdk/core'
import { placeOf, type DeviceRecipe } from '../config/recipe-of.ts'
import type { SerialVisitor } from '../config/visitor.ts'
import type { Received, SerialLink } from '../link/link.ts'
import { valueIn } from '../read/value-in.ts'
import type { ReadyValue } from '../recipe/compile-recipe.ts'
import { silenceOf, type Streams } from '../link/streams.ts'

export interface Watcher {
  /**
   * Tells what comes in streams, at most once each `everyMs` and then the newest, until the signal aborts.
   * All else is for core to read. Throws when the line is lost.
   */
  watch(
    visitors: readonly SerialVisitor[],
    watch: Watch,
    signal: AbortSignal,
    everyMs: number,
  ): Promise<void>
}

type Item = { readonly index: number; readonly value: ReadyValue }

export function createWatcher(link: SerialLink, recipe: DeviceRecipe, streams: Streams): Watcher {
  const { ready } = recipe
  return {
    async watch(visitors, watch, signal, everyMs) {
      const shares = new Map<string, Item[]>()
      const others: number[] = []
      for (const [index, visitor] of visitors.entries()) {
        const { value } = placeOf(visitor, ready)
        if (value === undefined || !ready.streams.has(value.from)) others.push(index)
        else shares.set(value.from, [...(shares.get(value.from) ?? []), { index, value }])
      }
      if (others.length > 0) watch.readInstead(others)
      if (shares.size === 0) return
      const stops = [...shares].map(([name, items]) => {
        const timeoutMs = ready.streams.get(name)?.timeoutMs
        const told = tellOf(items, { watch, everyMs, timeoutMs, onSilence: () => silent(name) })
        const stop = streams.follow(name, told.take)
        return () => {
          stop()
          told.stop()
        }
      })
      try {
        await link.over(signal)
      } finally {
        for (const stop of stops) stop()
      }

      function silent(name: string): MapperError {
        const ms = ready.streams.get(name)?.timeoutMs ?? 0
        // A device that was off may have to be told again to speak.
        link.begin(signal).catch(() => undefined)
        return silenceOf(name, ms, link)
      }
    },
  }
}

interface Telling {
  readonly watch: Watch
  readonly everyMs: number
  readonly timeoutMs: number | undefined
  readonly onSilence: () => MapperError
}

/** Tells values of one stream, not more often than is wanted, and that they no longer hold. */
function tellOf(items: readonly Item[], telling: Telling) {
  const { watch, everyMs, timeoutMs, onSilence } = telling
  let toldAt = -Infinity
  let newest: Received | undefined
  let pause: NodeJS.Timeout | undefined
  let silence: NodeJS.Timeout | undefined

  function tell(): void {
    pause = undefined
    if (newest === undefined) return
    const received = newest
    newest = undefined
    toldAt = performance.now()
    for (const { index, value } of items) watch.changed(index, valueIn(value, received))
  }

  function expect(): void {
    if (timeoutMs === undefined) return
    if (silence !== undefined) return void silence.refresh()
    silence = setTimeout(() => {
      // What still waits to be told was true when it came.
      silence = undefined
      const error = onSilence()
      for (const { index } of items) watch.changed(index, { ok: false, error })
      expect()
    }, timeoutMs)
  }

  expect()
  return {
    take(received: Received): void {
      newest = received
      expect()
      if (pause !== undefined) return
      const leftMs = toldAt + everyMs - performance.now()
      if (leftMs <= 0) tell()
      else pause = setTimeout(tell, Math.ceil(leftMs))
    },
    stop(): void {
      clearTimeout(pause)
      clearTimeout(silence)
    },
  }
}
