import { MapperError } from '@mapper-sdk/core'

export interface HostAddress {
  readonly host: string
  readonly port: number
}

/** Throws `invalid_config` for what no connection can be made with. */
export function checkAddress({ host, port }: HostAddress, connectTimeoutMs: number): void {
  const wrong = (detail: string) => new MapperError('invalid_config', detail)
  if (host === '') throw wrong('the host is empty')
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw wrong(`port ${String(port)} is not in 1 … 65535`)
  }
  if (!(connectTimeoutMs > 0)) {
    throw wrong(`a connect timeout of ${String(connectTimeoutMs)} ms is not above 0`)
  }
}
