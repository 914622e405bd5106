import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFramer } from './framer.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('a frame that was given out', () => {
  it('stays as it is, whatever comes after it', () => {
    const line = fc.uint8Array({ maxLength: 60 })
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 100, maxLength: 300 }),
        fc.constantFrom(64, 256, 5000),
        (lines, maxLength) => {
          const framer = createFramer({ type: 'delimiter', start: '$', end: '<CR><LF>', maxLength })
          const given: { readonly bytes: Uint8Array; readonly seen: string }[] = []
          for (const each of lines) {
            const piece = Buffer.concat([Buffer.from('$'), each, Buffer.from('\r\n')])
            for (const frame of framer.push(piece, 0)) {
              given.push({ bytes: frame.raw, seen: hex(frame.raw) })
              if (frame.good) given.push({ bytes: frame.payload, seen: hex(frame.payload) })
            }
            piece.fill(0)
          }
          expect(given.length).toBeGreaterThan(50)
          expect(given.filter(({ bytes, seen }) => hex(bytes) !== seen)).toEqual([])
        },
      ),
      { numRuns: 20 },
    )
  })
})
