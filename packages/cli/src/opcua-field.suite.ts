import { opcuaDriver, commandLine } from '@mapper-sdk/opcua'
import type { OpcuaProtocol, OpcuaVisitor } from '@mapper-sdk/opcua'
import type { DriverModule } from './find-driver.ts'
import type { BrowseWish } from './opcua-browse.ts'
import { createTarget } from './target.ts'

export const opcua = { driver: opcuaDriver, commandLine } as DriverModule

/** What a browse command makes of a server and a start. */
export function wishOf(where: string, start?: string, more: Partial<BrowseWish> = {}): BrowseWish {
  const target = createTarget(opcua, { where, places: start === undefined ? [] : [start] })
  const { nodeID = 'i=85', browsePath } = (target.items[0]?.visitor ?? {}) as Partial<OpcuaVisitor>
  return {
    protocol: target.protocol as OpcuaProtocol,
    start: { nodeID, ...(browsePath !== undefined && { browsePath }) },
    ...{ depth: 100, most: 10_000, withProperties: false, withValues: true },
    ...{ onlyVariables: false, byIndex: false, json: false, ...more },
  }
}
