import { createChecker, formatPath, type RawConfig } from '@mapper-sdk/core'
import { describe, expect, it } from 'vitest'
import { normalize } from './dialects.ts'
import { endpointOf, keyOf, nameOf } from './endpoint.ts'
import { protocolSchema, type ModbusProtocol } from './protocol.ts'

const checker = createChecker(protocolSchema)
/** The configuration with all defaults, or what is wrong with it. */
function checked(raw: RawConfig): ModbusProtocol | string {
  const { value, issues } = checker.check(normalize(raw, 'protocol'), [])
  const texts = issues.map(({ path, message }) => `${formatPath(path)} ${message}`)
  return value === undefined ? texts.join('\n') : (value as ModbusProtocol)
}
function protocol(raw: RawConfig): ModbusProtocol {
  const value = checked(raw)
  if (typeof value === 'string') throw new Error(value)
  return value
}
const key = (raw: RawConfig) => keyOf(endpointOf(protocol(raw)))
const name = (raw: RawConfig) => nameOf(endpointOf(protocol(raw)))

const pin = Array.from({ length: 32 }, () => 'aB').join(':')

describe('a protocol configuration', () => {
  it.each<[RawConfig, RegExp]>([
    [{}, /^host is missing; add it, for example host: 192.0.2.10 \(TCP and UDP: host name/],
    [{ transport: 'udp', path: '/dev/ttyS0' }, /^host is missing/],
    [{ transport: 'rtu', host: 'a' }, /^path is missing; add it, for example path: \/dev\/serial/],
    [
      { transport: 'dnp3', host: 'a' },
      /^transport is the text "dnp3", but must be one of tcp, udp/,
    ],
    [{ host: 'a', tls: true, certFile: '/c' }, /^keyFile is missing, but needed with certFile/],
    [{ host: 'a', tls: true, keyFile: '/k' }, /^certFile is missing, but needed with keyFile/],
    [
      { host: 'a', caFile: '/c' },
      /^tls is missing; add it, for example tls: true \(Needed with caFile/,
    ],
    [{ host: 'a', tls: 'no', serverFingerprint: pin }, /^tls is false, but must be true/],
    [{ host: 'a', tls: true, caFile: 'c' }, /^caFile is the text "c", but must match \^\//],
    [
      { host: 'a', tls: true, serverFingerprint: 'ab:cd' },
      /^serverFingerprint is the text "ab:cd"/,
    ],
    [
      { transport: 'udp', host: 'a', tls: true },
      /^transport is the text "udp", but must be the text "tcp" \(TLS is for TCP only\)/,
    ],
    [
      { transport: 'rtu', path: '/dev/ttyS0', tls: true },
      /^transport is the text "rtu", but must be/,
    ],
    [{ transport: 'udp', host: 'a', port: 0 }, /^port is 0, but must be at least 1/],
  ])('%o is refused, and the field is named', (raw, problem) => {
    expect(checked(raw)).toMatch(problem)
  })

  it('has 8 data bits, and 7 with ASCII, unless it says others', () => {
    const wire = (raw: RawConfig) => endpointOf(protocol({ path: '/dev/ttyS0', ...raw }))
    expect(wire({})).toMatchObject({ kind: 'line', framing: 'rtu', wire: { dataBits: 8 } })
    expect(wire({ transport: 'ascii' })).toMatchObject({ framing: 'ascii', wire: { dataBits: 7 } })
    expect(wire({ mode: 'ASCII', dataBits: '8' })).toMatchObject({ wire: { dataBits: 8 } })
  })

  it('has port 502, and 802 with TLS, unless it says another', () => {
    const port = (raw: RawConfig) => endpointOf(protocol({ host: 'a', ...raw }))
    expect(port({})).toMatchObject({ kind: 'tcp', port: 502, tls: undefined })
    expect(port({ transport: 'udp' })).toEqual({ kind: 'udp', host: 'a', port: 502 })
    expect(port({ tls: 'true' })).toMatchObject({ kind: 'tcp', port: 802, tls: {} })
    expect(port({ tls: true, port: '502' })).toMatchObject({ port: 502 })
    expect(port({ transport: 'tls', serverFingerprint: pin })).toMatchObject({
      port: 802,
      tls: { serverFingerprint: pin },
    })
  })
})

describe('devices share a connection', () => {
  it('that lead to the same place by the same way', () => {
    expect(key({ ip: 'PLC.example', unit: 3 })).toBe(key({ host: 'plc.example', port: '502' }))
    expect(key({ address: 'udp://a:502' })).toBe(key({ transport: 'UDP', host: 'A' }))
    expect(key({ host: 'a', tls: true, caFile: '/c' })).toBe(
      key({ host: 'a', caFile: '/c', tls: true, port: 802 }),
    )
  })
  it('and nobody else does', () => {
    const others: RawConfig[] = [
      { host: 'a' },
      { host: 'a', port: 802 },
      { host: 'a', transport: 'udp' },
      { host: 'a', transport: 'udp', port: 802 },
      { host: 'a', tls: true },
      { host: 'a', tls: true, port: 502 },
      // Whoever checks less must not come first and open the door for all.
      { host: 'a', tls: true, caFile: '/ca' },
      { host: 'a', tls: true, serverName: 'a' },
      { host: 'a', tls: true, serverFingerprint: pin },
      { host: 'a', tls: true, certFile: '/c', keyFile: '/k' },
      { host: 'b' },
      { host: 'a', transport: 'rtu-over-tcp' },
      { host: 'a', transport: 'ascii-over-tcp' },
      { path: '/dev/ttyS0' },
      { path: '/dev/ttyS0', transport: 'ascii' },
    ]
    expect(new Set(others.map(key)).size).toBe(others.length)
  })
  it('and a log names what it is about', () => {
    expect(name({ host: 'a' })).toBe('a:502')
    expect(name({ host: 'a', tls: true, keyFile: '/k', certFile: '/c' })).toBe('a:802 by TLS')
    expect(name({ host: 'a', transport: 'udp' })).toBe('a:502 by UDP')
    expect(name({ path: '/dev/ttyS0', rs485: true })).toBe('/dev/ttyS0 at 9600 8N1 RS-485')
    expect(name({ path: '/dev/ttyS0', transport: 'ascii', parity: 'E' })).toBe(
      '/dev/ttyS0 at 9600 7E1 by ASCII',
    )
    expect(name({ host: 'a', port: 4001, transport: 'rtuovertcp' })).toBe('a:4001 by RTU')
  })
})
