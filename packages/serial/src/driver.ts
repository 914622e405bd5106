import type { Connection, Driver } from '@mapper-sdk/core'
import { normalize } from './config/dialects.ts'
import { keyOf, lineKeyOf, wireOf } from './config/endpoint.ts'
import { protocolSchema, type SerialProtocol } from './config/protocol.ts'
import { checkProtocol, checkVisitor, deviceRecipe } from './config/recipe-of.ts'
import { visitorSchema, type SerialVisitor } from './config/visitor.ts'
import { openLink } from './link/open-link.ts'
import { createReader } from './read/reader.ts'
import type { Recipe } from './recipe/recipe.ts'
import { createShelf, type Shelf } from './recipe/shelf.ts'
import { createStreams } from './link/streams.ts'
import { createWatcher } from './watch/watcher.ts'
import { createWriter } from './write/writer.ts'

/**
 * Any device on a serial line or a socket that stands for one, as its recipe declares it. What comes in
 * one answer is asked for once; what a device sends on its own is watched. Devices take turns on a line.
 */
export const createSerialDriver = (
  shelf: Shelf = createShelf(),
): Driver<SerialProtocol, SerialVisitor> => ({
  protocolName: 'serial',
  protocolSchema,
  visitorSchema,
  normalize,
  checkProtocol: (protocol) => checkProtocol(protocol, shelf),
  check: (protocol, visitor, property) => checkVisitor(protocol, visitor, shelf, property),
  connectionKey: keyOf,
  lineKey: lineKeyOf,
  async connect(protocol, { signal, logger, lines }) {
    const recipe = deviceRecipe(protocol, shelf)
    const { ready, params } = recipe
    const wire = wireOf(protocol, ready.recipe.line)
    const { echo, pauseMs } = protocol
    const link = await openLink(
      await lines.open(wire, signal),
      {
        ...{ ready, params, logger, echo },
        ...(pauseMs !== undefined && { pauseMs }),
        isConnection: wire.kind === 'tcp',
      },
      signal,
    )
    const streams = createStreams(link, recipe)
    const reader = createReader(link, recipe, streams)
    const writer = createWriter(link, recipe)
    const watcher = createWatcher(link, recipe, streams)
    const connection: Connection<SerialProtocol, SerialVisitor> = {
      callTimeoutMs: longestCallMs(ready.recipe),
      writesOvertake: true,
      read: (_, visitors, callSignal) => reader.read(visitors, callSignal),
      write: (_, writes, callSignal) => writer.write(writes, callSignal),
      ...(ready.streams.size > 0 && {
        subscribe: (_, visitors, watch, callSignal, everyMs) =>
          watcher.watch(visitors, watch, callSignal, everyMs),
      }),
      close: () => link.close(),
    }
    return connection
  },
})

export const serialDriver = createSerialDriver()

/** All exchanges one after another, each with all its time, and as long again for late answers. */
function longestCallMs({ exchanges = {}, init = [] }: Recipe): number {
  const timeOf = (name: string) => exchanges[name]?.timeoutMs ?? 1000
  const all = Object.entries(exchanges).flatMap(([name, { first = [] }]) => [...first, name])
  return 2 * [...init, ...all].reduce((sum, name) => sum + timeOf(name), 0)
}
