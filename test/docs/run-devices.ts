import path from 'node:path'
import { createDmiEdge, runMapper, silentLogger, type Driver } from '@mapper-sdk/core'
import { startEdgeSim, type EdgeSim, type KubeEdgeVersion } from '@mapper-sdk/edge-sim'

/** A folder of Device and DeviceModel files at work: the stand-in for EdgeCore, and a mapper. */
export async function runDevices(options: {
  readonly folder: string
  readonly driver: Driver
  readonly version?: KubeEdgeVersion
}): Promise<{ readonly sim: EdgeSim; stop(): Promise<void> }> {
  const { folder, driver, version } = options
  const edgecoreSocketPath = path.join(folder, 'dmi.sock')
  const sim = await startEdgeSim({
    socketPath: edgecoreSocketPath,
    folder,
    ...(version === undefined ? {} : { version }),
  })
  const abort = new AbortController()
  const protocol = driver.protocolName
  const ended = runMapper({
    driver,
    edge: createDmiEdge({
      mapper: { name: `${protocol}-mapper`, version: 'v1', apiVersion: 'v1', protocol },
      socketPath: path.join(folder, 'mapper.sock'),
      edgecoreSocketPath,
      logger: silentLogger,
    }),
    logger: silentLogger,
    signal: abort.signal,
  })
  return {
    sim,
    async stop() {
      abort.abort()
      await ended
      await sim.close()
    },
  }
}
