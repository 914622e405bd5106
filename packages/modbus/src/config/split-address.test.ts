import type { RawConfig } from '@mapper-sdk/core'
import { describe, expect, it } from 'vitest'
import { normalize } from './dialects.ts'
import { splitAddress, wayOf } from './split-address.ts'

describe('an address', () => {
  it.each<[string, object]>([
    ['192.0.2.7', { host: '192.0.2.7' }],
    [' plc.example:1502 ', { host: 'plc.example', port: '1502' }],
    ['tcp://plc.example:1502', { transport: 'tcp', host: 'plc.example', port: '1502' }],
    ['TCP://[fe80::1%eth0]:502', { transport: 'tcp', host: 'fe80::1%eth0', port: '502' }],
    ['fe80::1', { host: 'fe80::1' }],
    ['udp://192.0.2.7:502', { transport: 'udp', host: '192.0.2.7', port: '502' }],
    ['tcp+tls://plc.example', { transport: 'tcp', tls: true, host: 'plc.example' }],
    ['mbaps://plc.example:802', { transport: 'tcp', tls: true, host: 'plc.example', port: '802' }],
    ['rtu:///dev/ttyS0', { transport: 'rtu', path: '/dev/ttyS0' }],
    ['/dev/ttyS0', { path: '/dev/ttyS0' }],
    ['rtu+tcp://a:4001', { transport: 'rtu-over-tcp', host: 'a', port: '4001' }],
    ['plc://a:1', { host: 'a', port: '1' }],
    ['', { host: '' }],
  ])('%s', (address, words) => expect(splitAddress(address)).toEqual(words))
})

describe('a way to a device', () => {
  it.each<[string, object]>([
    ['TCP', { transport: 'tcp' }],
    ['Modbus-TCP', { transport: 'tcp' }],
    ['TCP/IP', { transport: 'tcp' }],
    ['TLS', { transport: 'tcp', tls: true }],
    ['Modbus/TCP Security', { transport: 'tcp', tls: true }],
    ['UDP', { transport: 'udp' }],
    ['modbus_rtu', { transport: 'rtu' }],
    ['Serial', { transport: 'rtu' }],
    ['ASCII', { transport: 'ascii' }],
    ['rtuovertcp', { transport: 'rtu-over-tcp' }],
    ['RTU over TCP', { transport: 'rtu-over-tcp' }],
    ['rtu+tcp', { transport: 'rtu-over-tcp' }],
    ['TCP-RTU', { transport: 'rtu-over-tcp' }],
    ['rtu-over-tcp', { transport: 'rtu-over-tcp' }],
    ['ascii_over_tcp', { transport: 'ascii-over-tcp' }],
    ['dnp3', {}],
    ['constructor', {}],
  ])('%s', (name, way) => expect(wayOf(name)).toEqual(way))
})

describe('of two that differ', () => {
  it.each<[RawConfig, object]>([
    [
      { address: 'udp://a', transport: 'TCP' },
      { transport: 'tcp', host: 'a' },
    ],
    // Never by way of a slip to less than TLS.
    [
      { address: 'tls://a', transport: 'TCP' },
      { transport: 'tcp', host: 'a', port: 802, tls: true },
    ],
    [
      { host: 'a', transport: 'tls', tls: false },
      { transport: 'tcp', host: 'a', port: 802, tls: true },
    ],
    [
      { address: 'udp://a:5', port: 6 },
      { transport: 'udp', host: 'a', port: 6 },
    ],
  ])('%o', (raw, ours) => expect(normalize(raw, 'protocol')).toEqual(ours))
})
