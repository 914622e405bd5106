import type { Conflict } from '@mapper-sdk/core'
import type { OpcuaProtocol } from './protocol.ts'

/** Addresses stand in logs and in what the cloud sees; who may log in has words of its own. */
export function checkProtocol(
  protocol: Pick<OpcuaProtocol, 'url' | 'backupUrls'>,
): Conflict | undefined {
  for (const field of ['url', 'backupUrls'] as const) {
    const hasUser = (protocol[field] ?? '').split(',').some((url) => /^[^/]*\/\/[^/]*@/.test(url))
    if (!hasUser) continue
    return {
      field,
      message:
        'has a user in it, where logs would show it; write userName and passwordFile instead',
    }
  }
  return undefined
}
