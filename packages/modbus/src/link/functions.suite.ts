import fc from 'fast-check'
import type { IdentificationLevel } from './link.ts'
import {
  exchangeRequest,
  identificationRequest,
  maskRegisterRequest,
  pduAt,
  serverIdRequest,
  type Request,
} from './pdu.ts'

/** A request of one of the newer functions and the right answer to it, from the unit to the end of the PDU. */
export interface AnsweredRequest {
  readonly request: Request
  readonly bytes: Uint8Array
  readonly data: Uint8Array
}

const anyUnit = fc.integer({ min: 1, max: 247 })

const objects = fc
  .array(fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 90 })), { maxLength: 12 })
  .map((all) => {
    let room = 246
    return all.filter(([, text]) => (room -= 2 + text.length) >= 0)
  })

/** Function 43/14, of any level, with an answer of the same level or of one below. */
export const anyIdentification: fc.Arbitrary<AnsweredRequest> = fc
  .record({
    unit: anyUnit,
    level: fc.integer({ min: 1, max: 3 }),
    below: fc.nat(2),
    object: fc.nat(255),
    conformity: fc.nat(255),
    more: fc.constantFrom(0, 0xff),
    next: fc.nat(255),
    objects,
  })
  .map(({ unit, level, below, object, conformity, more, next, objects: list }) => {
    const request = identificationRequest(unit, level as IdentificationLevel, object, 247)
    const data = Uint8Array.from([
      ...[conformity, more, next, list.length],
      ...list.flatMap(([id, text]) => [id, text.length, ...text]),
    ])
    return {
      request,
      data,
      bytes: Uint8Array.of(unit, 43, 14, Math.max(1, level - below), ...data),
    }
  })

export const anyServerId: fc.Arbitrary<AnsweredRequest> = fc
  .tuple(anyUnit, fc.uint8Array({ maxLength: 251 }))
  .map(([unit, data]) => ({
    request: serverIdRequest(unit, 247),
    data,
    bytes: Uint8Array.of(unit, 17, data.length, ...data),
  }))

const evenBytes = (most: number) =>
  fc.uint8Array({ minLength: 2, maxLength: most }).map((bytes) => bytes.subarray(bytes.length & 1))

export const anyExchange: fc.Arbitrary<AnsweredRequest> = fc
  .tuple(anyUnit, fc.nat(60_000), evenBytes(250), fc.nat(60_000), evenBytes(242))
  .map(([unit, readAddress, data, writeAddress, written]) => {
    const readCount = data.length / 2
    const exchange = { readAddress, readCount, writeAddress, data: written }
    const request = exchangeRequest(unit, exchange, 247)
    return { request, data, bytes: Uint8Array.of(unit, 23, data.length, ...data) }
  })

export const anyMask: fc.Arbitrary<AnsweredRequest> = fc
  .tuple(anyUnit, fc.nat(0xffff), fc.nat(0xffff), fc.nat(0xffff))
  .map(([unit, address, and, or]) => {
    const request = maskRegisterRequest(unit, address, and, or, 247)
    return {
      request,
      data: new Uint8Array(0),
      bytes: Uint8Array.of(unit, ...request.adu.subarray(pduAt, pduAt + 7)),
    }
  })

export const anyAnswered = fc.oneof(anyIdentification, anyServerId, anyExchange, anyMask)
