// @ts-check
import { spawn } from 'node:child_process'
import { startDevice } from './simulated-device.js'

// What `npm start` runs: a simulated device, and beside it the mapper with a stand-in for EdgeCore.
const device = await startDevice(4001)
const heating = setInterval(() => device.heat(), 1000)
const driver = 'my-protocol=./src/driver.js'
const mapper = spawn('mapper', ['dev', 'devices', '--driver', driver], { stdio: 'inherit' })

// The mapper ends first, so that it does not miss its device.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => mapper.kill(signal))
}
mapper.once('exit', (code) => {
  clearInterval(heating)
  process.exitCode = code ?? 1
  void device.close()
})
