export type Table = 'coil' | 'discrete' | 'input' | 'holding'
export type Order = 'big' | 'little'

/** Where a value is in a Modbus device, and how it is stored, in the words of a visitor. */
export interface Place {
  readonly table: Table
  readonly address: number
  readonly type:
    | 'bool'
    | 'int16'
    | 'uint16'
    | 'int32'
    | 'uint32'
    | 'int64'
    | 'uint64'
    | 'float32'
    | 'float64'
    | 'string'
  readonly byteOrder?: Order
  readonly wordOrder?: Order
  /** Registers of a string. */
  readonly length?: number
}

/**
 * A Modbus server of somebody else, set and read past the wire by its own means. Values travel as
 * text; how they are laid out in registers is not our code's business here.
 */
export interface ForeignServer {
  /** `spec.protocol.configData` of a device that reaches it. */
  readonly protocol: Readonly<Record<string, string | number>>
  put(place: Place, value: string): Promise<void>
  take(place: Place): Promise<string>
  stop(): Promise<void>
}
