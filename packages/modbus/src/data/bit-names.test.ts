import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hex, registersOf, written } from './codec.suite.ts'
import { bytesOfRaw, viewOf } from './register-codec.ts'
import { widths } from './types.ts'

it('every number has one text, which is written as that number', () => {
  const cases = fc.constantFrom('uint16', 'uint32', 'uint64').chain((type) => {
    const bits = 16 * widths[type]
    return fc.record({
      type: fc.constant(type),
      raw: fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n }),
      named: fc.uniqueArray(fc.nat(bits - 1), { minLength: 1, maxLength: 8 }),
    })
  })
  fc.assert(
    fc.property(cases, ({ type, raw, named }) => {
      const bitNames = named.map((bit) => `${bit}=name ${bit}`).join(', ')
      const one = registersOf({ type, bitNames })
      const registers = bytesOfRaw(raw, widths[type])
      const text = String(one.decode(viewOf(registers), 0))
      const bits = [...raw.toString(2)]
        .reverse()
        .flatMap((digit, bit) => (digit === '1' ? bit : []))
      const words = bits.map((bit) => (named.includes(bit) ? `name ${bit}` : `bit${bit}`))
      expect(text).toBe(words.length === 0 ? 'none' : words.join(','))
      expect(hex(written(one, text))).toBe(hex(registers))
    }),
  )
})
