import { MapperError, canceled } from '@mapper-sdk/core'
import type { Answer, ModbusLink, RequestOptions } from './link.ts'
import {
  exchangeRequest,
  identificationRequest,
  maskRegisterRequest,
  readRequest,
  serverIdRequest,
  writeCoilsRequest,
  writeRegistersRequest,
  type Request,
} from './pdu.ts'

/** What a transport does: one checked request there, its answer back. */
export interface Transport {
  readonly highestUnit: number
  transact(request: Request, options: RequestOptions): Promise<Answer>
  failed(): MapperError | undefined
  close(): Promise<void>
}

/** A link over a transport: refuses impossible requests before they get there. */
export function linkOver({ highestUnit, transact, failed, close }: Transport): ModbusLink {
  const send = (make: () => Request, options: RequestOptions): Promise<Answer> => {
    try {
      const request = make()
      if (!(options.timeoutMs > 0)) {
        throw new MapperError(
          'invalid_config',
          `a timeout of ${String(options.timeoutMs)} ms is not above 0`,
        )
      }
      if (options.signal.aborted) throw canceled(options.signal)
      const reason = failed()
      if (reason !== undefined) throw reason
      return transact(request, options)
    } catch (thrown) {
      return Promise.reject(MapperError.from(thrown))
    }
  }
  return {
    read: (unit, table, address, count, options) =>
      send(() => readRequest(unit, table, address, count, highestUnit), options),
    writeRegisters: (unit, address, data, options) =>
      send(
        () => writeRegistersRequest(unit, address, data, highestUnit, options.multiple),
        options,
      ),
    writeCoils: (unit, address, values, options) =>
      send(() => writeCoilsRequest(unit, address, values, highestUnit, options.multiple), options),
    maskRegister: (unit, address, { and, or }, options) =>
      send(() => maskRegisterRequest(unit, address, and, or, highestUnit), options),
    exchangeRegisters: (unit, exchange, options) =>
      send(() => exchangeRequest(unit, exchange, highestUnit), options),
    readIdentification: (unit, level, object, options) =>
      send(() => identificationRequest(unit, level, object, highestUnit), options),
    reportServerId: (unit, options) => send(() => serverIdRequest(unit, highestUnit), options),
    get failed() {
      return failed()
    },
    close,
  }
}
