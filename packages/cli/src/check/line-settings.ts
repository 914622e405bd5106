import type { DeviceSubject } from './subject.ts'

/** What a device says of itself, and of the line that it is on. */
export type Settings = Readonly<Record<string, string | number | boolean | undefined>>

/** The protocol config as the driver sees it, with defaults; nothing if it is wrong. */
export const settingsOf = ({ resolution }: Pick<DeviceSubject, 'resolution'>): Settings =>
  (resolution?.device?.protocol ?? {}) as Settings

/**
 * The settings of the serial lines of devices, with those that recipes have for them. Of a device that is
 * on no serial line, there are none.
 */
export async function linesOfDevices(
  devices: readonly DeviceSubject[],
): Promise<ReadonlyMap<DeviceSubject, Settings>> {
  const lines = new Map<DeviceSubject, Settings>()
  for (const device of devices) {
    const settings = settingsOf(device)
    const { path } = settings
    if (typeof path !== 'string' || !path.startsWith('/')) continue
    const isRecipe = device.driver?.protocolName === 'serial'
    lines.set(device, isRecipe ? await withRecipe(settings) : settings)
  }
  return lines
}

async function withRecipe(settings: Settings): Promise<Settings> {
  const { createShelf } = await import('@mapper-sdk/serial')
  const { recipe: name, recipeText: text } = settings
  try {
    const shelf = createShelf()
    const { recipe } = typeof text === 'string' ? shelf.ofText(text) : shelf.named(String(name))
    const usual = { baudRate: 9600, dataBits: 8, parity: 'none', stopBits: 1 }
    const given = Object.entries(settings).filter(([, value]) => value !== undefined)
    return { ...usual, ...recipe.line, ...Object.fromEntries(given) }
  } catch {
    // That the recipe cannot be used is told of the device.
    return settings
  }
}
