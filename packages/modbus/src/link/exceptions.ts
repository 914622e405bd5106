import { MapperError, type ErrorCode } from '@mapper-sdk/core'

/** Exception codes of the Modbus application protocol. */
const texts: Readonly<Record<number, string>> = {
  1: 'illegal function',
  2: 'illegal data address',
  3: 'illegal data value',
  4: 'server device failure',
  5: 'acknowledge, still working on it',
  6: 'server device busy',
  7: 'negative acknowledge',
  8: 'memory parity error',
  10: 'gateway path unavailable',
  11: 'gateway target device failed to respond',
}

/** A gateway answers 10 and 11 in place of a device that is not there; the rest comes from the device. */
const codes: Readonly<Record<number, ErrorCode>> = { 10: 'unreachable', 11: 'timeout' }

/** `what` tells which request it was: `unit 1: reading holding 0…9 (function 3)`. */
export const exceptionError = (what: string, exception: number): MapperError =>
  new MapperError(
    codes[exception] ?? 'rejected',
    `${what}: exception ${exception}, ${texts[exception] ?? 'unknown to the protocol'}`,
  )

/**
 * 2 and 3 are about the range that was asked for: a smaller one may be answered. Some devices say 4
 * instead, which others say of a failure of the whole device.
 */
export const isAboutRange = (exception: number): boolean => exception >= 2 && exception <= 4

/** The gateway says that the device is silent. */
export const isAbsence = (exception: number): boolean => exception === 10 || exception === 11

/** The device does not know the function at all. */
export const isUnknownFunction = (exception: number): boolean => exception === 1

/** The device has no time now (6), or works on it still (5). */
export const isBusy = (exception: number): boolean => exception === 5 || exception === 6
