import { createConnections, runMapper, type Driver, type MapperOptions } from '@mapper-sdk/core'
import type { MapperView } from '@mapper-sdk/core'
import { modbusDriver } from '@mapper-sdk/modbus'
import { serialDriver } from '@mapper-sdk/serial'

export interface GatewayOptions extends Pick<MapperOptions, 'logger' | 'signal' | 'onStart'> {
  /** The way to KubeEdge of each driver: EdgeCore knows one mapper per protocol. */
  readonly edgeOf: (protocolName: string) => MapperOptions['edge']
}

/** Two mappers in one process. Devices of both may be on one line: their connections take turns on it. */
export async function runGateway({ edgeOf, signal, ...options }: GatewayOptions): Promise<void> {
  const connections = createConnections(options)
  const failed = new AbortController()
  const running = [modbusDriver as Driver, serialDriver as Driver].map((driver) => {
    const logger = options.logger.child({ protocol: driver.protocolName })
    const own = { driver, edge: edgeOf(driver.protocolName), connections, logger }
    return runMapper({ ...options, ...own, signal: AbortSignal.any([signal, failed.signal]) })
  })
  // One without the other is half a gateway: both end, and whoever watches over it starts it again.
  for (const one of running) one.catch((thrown: unknown) => failed.abort(thrown))
  await Promise.allSettled(running)
  await Promise.all(running)
}

/** A line for every property that has no value, with the reason. */
export const complaintsOf = (view: MapperView): readonly string[] =>
  view.devices().flatMap(({ id, properties }) =>
    properties.flatMap((property) => {
      const found = view.explain(id, property)
      return found?.reading?.text === undefined ? [`${id} ${property}: ${found?.why}`] : []
    }),
  )
