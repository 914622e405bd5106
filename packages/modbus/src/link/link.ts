import type { MapperError } from '@mapper-sdk/core'

export type Table = 'coil' | 'discrete' | 'input' | 'holding'

/** The device understood and said yes, or no with an exception code (1 … 255). */
export type Answer =
  | { readonly ok: true; readonly data: Uint8Array }
  | { readonly ok: false; readonly exception: number }

export interface RequestOptions {
  /** How long the unit may stay silent, in ms, counted from when the request is on its way. */
  readonly timeoutMs: number
  /** Ends the call at once, waiting or sent. */
  readonly signal: AbortSignal
}

export interface WriteOptions extends RequestOptions {
  /** Uses FC 16 or 15 even for one register or coil, for devices that know no FC 6 or 5. */
  readonly multiple?: boolean
}

/** Registers to read and registers to write in one transaction. */
export interface Exchange {
  readonly readAddress: number
  readonly readCount: number
  readonly writeAddress: number
  /** 2 bytes a register. */
  readonly data: Uint8Array
}

/** Levels of function 43/14, each with the objects of those below it: basic, regular, extended. */
export type IdentificationLevel = 1 | 2 | 3

/**
 * An open Modbus connection that answers truly or not at all.
 *
 * Calls may overlap; the link keeps to what the wire allows. A rejection is a MapperError:
 * `invalid_config` for an impossible request, before anything is sent; `timeout` when the unit was
 * silent, after which the link may still be good (`failed` tells); `unreachable` when the connection
 * is gone; `bad_data` when what came is not the answer to what was asked; `canceled`, or `timeout`
 * for a deadline, from the signal. Nothing is sent again after a failure.
 */
export interface ModbusLink {
  /** Registers: `data` is 2 × count bytes, big endian as on the wire. Bits: packed from the lowest bit up, spare bits 0. */
  read(
    unit: number,
    table: Table,
    address: number,
    count: number,
    options: RequestOptions,
  ): Promise<Answer>
  /** `data` is 2 bytes a register. FC 6 for one register, FC 16 for more. A yes has no data. */
  writeRegisters(
    unit: number,
    address: number,
    data: Uint8Array,
    options: WriteOptions,
  ): Promise<Answer>
  /** FC 5 for one coil, FC 15 for more. A yes has no data. */
  writeCoils(
    unit: number,
    address: number,
    values: readonly boolean[],
    options: WriteOptions,
  ): Promise<Answer>
  /**
   * FC 22: sets the bits of one register that are 0 in `and` to those of `or`, and keeps the others.
   * A yes has no data.
   */
  maskRegister(
    unit: number,
    address: number,
    masks: { readonly and: number; readonly or: number },
    options: RequestOptions,
  ): Promise<Answer>
  /** FC 23: writes registers, then reads registers. `data` is what was read. */
  exchangeRegisters(unit: number, exchange: Exchange, options: RequestOptions): Promise<Answer>
  /**
   * FC 43/14: one part of the device's identification, from `object` on. `data` starts at the conformity
   * level: level, whether more follows, the next object, how many are here, then id, length and text of each.
   */
  readIdentification(
    unit: number,
    level: IdentificationLevel,
    object: number,
    options: RequestOptions,
  ): Promise<Answer>
  /** FC 17. `data` is what the device says of itself; its layout is the device's own. */
  reportServerId(unit: number, options: RequestOptions): Promise<Answer>
  /** Why the link is unusable for good, if it is. */
  readonly failed: MapperError | undefined
  /** Ends it: every call fails with `canceled`. Any time, any number of times. */
  close(): Promise<void>
}

/** A link that can have several requests on the way at once. */
export interface PipelinedLink extends ModbusLink {
  /** From now on so many may be, 1 … 16. What is on the way stays there. */
  setDepth(depth: number): void
}
