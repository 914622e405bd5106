import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createFrameDecoder } from './decoder.ts'
import type { Sighting } from './sighting.ts'
import { createWitness } from './witness.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

function watching(spec: Parameters<typeof createFrameDecoder>[0]) {
  const seen: Sighting[] = []
  const middles: boolean[] = []
  const witness = createWitness({
    characterMs: 1,
    decoderFor(midStream) {
      middles.push(midStream)
      return createFrameDecoder(spec, { characterMs: 1, midStream })
    },
    onSighting: (one) => void seen.push(one),
  })
  const hear = (text: string) => witness.take('unknown', Buffer.from(text))
  const texts = () => seen.map(({ raw }) => Buffer.from(raw).toString())
  return { witness, hear, seen, texts, middles }
}

describe('what is heard', () => {
  it('is told when silence has ended it, with the time of day', () => {
    const { hear, seen, texts } = watching({ type: 'gap', gapMs: 30 })
    vi.advanceTimersByTime(100)
    hear('ab')
    vi.advanceTimersByTime(20)
    hear('c')
    vi.advanceTimersByTime(29)
    expect(texts()).toEqual([])
    vi.advanceTimersByTime(2)
    expect(texts()).toEqual(['abc'])
    expect(Math.abs((seen[0]?.atMs ?? 0) - Date.now())).toBeLessThan(1000)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is shown as it is when nothing ends it', () => {
    const { hear, seen, texts } = watching({ type: 'delimiter', end: '<LF>' })
    vi.advanceTimersByTime(100)
    hear('garbage')
    vi.advanceTimersByTime(1999)
    expect(texts()).toEqual([])
    vi.advanceTimersByTime(2)
    expect(texts()).toEqual(['garbage'])
    expect(seen[0]?.taken).toEqual({ kind: 'hurt', reason: 'incomplete' })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('may be the rest of a frame, unless it was silent before', () => {
    const soon = watching({ type: 'delimiter', end: '<LF>' })
    vi.advanceTimersByTime(49)
    soon.hear('5 kg\n')
    soon.hear('12.5 kg\n')
    expect(soon.middles).toEqual([true])
    expect(soon.seen.map(({ taken }) => taken.kind)).toEqual(['hurt', 'frame'])
    const later = watching({ type: 'delimiter', end: '<LF>' })
    vi.advanceTimersByTime(50)
    later.hear('12.5 kg\n')
    expect(later.seen.map(({ taken }) => taken.kind)).toEqual(['frame'])
  })
})
