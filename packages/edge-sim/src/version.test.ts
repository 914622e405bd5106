import { expect, test } from 'vitest'
import { behaviourOf, kubeEdgeVersions, type Behaviour } from './version.ts'

const versionsWith = (has: (behaviour: Behaviour) => boolean) =>
  kubeEdgeVersions.filter((version) => has(behaviourOf(version)))

test('each behaviour belongs to the releases that have it', () => {
  expect(versionsWith((b) => b.echoesReports)).toEqual([
    '1.15',
    '1.16',
    '1.17',
    '1.18',
    '1.19',
    '1.20',
  ])
  expect(versionsWith((b) => b.rawAuthority)).toEqual(['1.15', '1.16', '1.17'])
  expect(versionsWith((b) => b.states === 'unimplemented')).toEqual(['1.15', '1.16', '1.17'])
  expect(versionsWith((b) => b.states === 'at-once')).toEqual(['1.23'])
  expect(versionsWith((b) => b.mergesModelDefaults)).toEqual(['1.22', '1.23'])
  expect(versionsWith((b) => b.keepsMappers)).toEqual(['1.23'])
  expect(versionsWith((b) => b.dropsEqualSpec)).toEqual(['1.23'])
  expect(versionsWith((b) => b.statusIn === 'DeviceStatus')).toEqual(['1.23'])
  expect(versionsWith((b) => b.twinsMustExist)).toEqual(['1.15'])
  expect(versionsWith((b) => !b.namespaces)).toEqual(['1.15'])
})
