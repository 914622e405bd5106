import { aliases } from '@mapper-sdk/core'

/**
 * The words of a protocol config and their aliases, in lower case. All others are settings of a recipe,
 * which therefore cannot be called like one of these.
 */
export const ownWords = aliases({
  recipe: [],
  recipeText: [],
  params: [],
  transport: ['mode'],
  path: ['serialPort', 'serialName'],
  host: ['ip', 'hostname'],
  port: [],
  localPort: [],
  connectTimeoutMs: [],
  baudRate: ['baud'],
  dataBits: [],
  parity: [],
  stopBits: [],
  flowControl: [],
  rs485: ['rs485Enabled'],
  serialType: [],
  dtr: [],
  rts: [],
  echo: [],
  pauseMs: [],
})
