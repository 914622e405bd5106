import { createBank, serveLine, serveSerial, serveUdp } from '@mapper-sdk/modbus/simulator'
import modbusSerial from 'modbus-serial'
import { describe, expect, it, type TestContext } from 'vitest'
import { requireServer } from '../support/require-server.ts'
import { scratchFolder } from '../support/scratch-folder.ts'
import { hasSocat, startSerialPair } from '../support/serial-pair.ts'

describe('the client of modbus-serial is served', () => {
  const bank = createBank()
  bank.setRegister('holding', 5, [555, 666])
  type Client = InstanceType<typeof modbusSerial.default>

  async function serves(open: (client: Client) => Promise<void>, { onTestFinished }: TestContext) {
    const client = new modbusSerial.default()
    client.on('error', () => undefined)
    await open(client)
    onTestFinished(() => new Promise<void>((resolve) => client.close(() => resolve())))
    // Over UDP it is open a little later.
    await expect.poll(() => client.isOpen).toBe(true)
    client.setTimeout(5000)
    client.setID(1)
    expect((await client.readHoldingRegisters(5, 2)).data).toEqual([555, 666])
    await client.writeRegister(9, 99)
    expect(bank.getRegister('holding', 9)).toBe(99)
    bank.setRegister('holding', 9, 0)
  }

  it('by RTU over TCP', async (context) => {
    const { port, close } = await serveLine(bank, { framing: 'rtu' })
    context.onTestFinished(close)
    // That is what its telnet is; its TCP ports speak MBAP, whatever they are called.
    await serves((client) => client.connectTelnet('127.0.0.1', { port }), context)
  })
  it('by UDP', async (context) => {
    const { port, close } = await serveUdp(bank)
    context.onTestFinished(close)
    await serves((client) => client.connectUDP('127.0.0.1', { port }), context)
  })
  it('by ASCII on a serial line', async (context) => {
    if (!hasSocat()) requireServer(context, 'no socat (apt-get install socat)')
    const { folder, remove } = await scratchFolder()
    context.onTestFinished(remove)
    const pair = await startSerialPair(folder)
    context.onTestFinished(() => pair.stop())
    const [here, there] = pair.ends
    const { close } = await serveSerial(bank, { path: there, baudRate: 115_200, framing: 'ascii' })
    context.onTestFinished(close)
    await serves((client) => client.connectAsciiSerial(here, { baudRate: 115_200 }), context)
  })
})
