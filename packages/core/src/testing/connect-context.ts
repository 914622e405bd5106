import type { ConnectContext } from '../driver.ts'
import { createLines } from '../line/lines.ts'
import { silentLogger } from '../log.ts'

/** What core gives a driver's `connect`, for tests that call it themselves; all of it can be replaced. */
export const connectContext = (own: Partial<ConnectContext> = {}): ConnectContext => ({
  signal: new AbortController().signal,
  logger: silentLogger,
  memory: new Map<string, unknown>(),
  lines: createLines(),
  folder: undefined,
  ...own,
})
