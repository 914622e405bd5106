import { realpath, stat } from 'node:fs/promises'
import { MapperError } from '../errors.ts'

/** Terminals that can be a serial line: ttyS0, ttyUSB0, ttymxc1 …, and pseudo terminals. Not consoles (tty0). */
const serialDevice = /^\/dev\/(?:tty[A-Za-z][\w.-]*|pts\/\d+)$/

/**
 * The device behind a path, links followed. A path comes from a CR that somebody else wrote, so
 * it is opened only if it ends at a terminal under /dev; anything else is `invalid_config`.
 */
export async function serialPath(path: string): Promise<string> {
  if (!path.startsWith('/')) {
    throw new MapperError('invalid_config', `serial path "${path}" does not start with /`)
  }
  const real = await realpath(path).catch((thrown: unknown) => {
    throw MapperError.from(thrown, 'unreachable')
  })
  const device = await stat(real).catch((thrown: unknown) => {
    throw MapperError.from(thrown, 'unreachable')
  })
  if (serialDevice.test(real) && device.isCharacterDevice()) return real
  throw new MapperError(
    'invalid_config',
    `"${path}"${real === path ? '' : ` (${real})`} is no serial device: ` +
      'it has to lead to /dev/tty…, /dev/pts/… or /dev/serial/by-…',
  )
}
