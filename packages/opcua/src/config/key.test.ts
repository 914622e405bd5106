import { expect, test } from 'vitest'
import { protocolOf } from '../driver.suite.ts'
import { keyOf } from './key.ts'

const url = 'opc.tcp://192.0.2.10:4840'
const user = { userName: 'operator', password: 'hunter2' }

test('the key names server and user, and no secret', () => {
  expect(keyOf(protocolOf(url))).toMatch(/^opc\.tcp:\/\/192\.0\.2\.10:4840 \([0-9a-f]{12}\)$/)
  const key = keyOf(protocolOf(url, user))
  expect(key).toContain('operator at opc.tcp://192.0.2.10:4840')
  expect(key).not.toContain('hunter2')
})

test('devices share a session if all that belongs to it is the same', () => {
  const key = keyOf(protocolOf(url, user))
  expect(keyOf(protocolOf(url, { ...user, subscribe: false }))).toBe(key)
  expect(keyOf(protocolOf(url, { ...user, publishingIntervalMs: 500 }))).toBe(key)
  for (const other of [
    { password: 'hunter3' },
    { userName: 'guest' },
    { securityPolicy: 'auto' },
    { timeoutMs: 100 },
    { backupUrls: 'opc.tcp://192.0.2.11:4840' },
  ]) {
    expect(keyOf(protocolOf(url, { ...user, ...other }))).not.toBe(key)
  }
})
