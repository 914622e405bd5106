import { valueOptionsSchema, type Driver } from '@mapper-sdk/core'
import { createDriverChoice } from '../driver-choice.ts'
import { findDriver, knownDrivers } from '../find-driver.ts'
import { lenient } from './lenient.ts'
import { deviceSchema, modelSchema, resourceSchema, type Protocol } from './resource-schema.ts'

type Schema = Readonly<Record<string, unknown>>

const draft = 'https://json-schema.org/draft/2020-12/schema'

/**
 * The JSON Schema of `resource`, `device`, `model`, `config`, `recipe`, `simulator`, or of a driver by its
 * name, package or path. `chosen` are further drivers for resources, as PROTOCOL=DRIVER. Throws
 * `invalid_config` for anything else.
 */
export async function schemaFor(what: string, chosen: readonly string[] = []): Promise<Schema> {
  const named = files[what]
  const schema = named === undefined ? ofDriver(what, await findDriver(what)) : await named(chosen)
  return { $schema: draft, ...schema }
}

/** The names that are no drivers. */
const files: Readonly<Record<string, (chosen: readonly string[]) => Promise<Schema>>> = {
  resource: async (chosen) => resourceSchema(await protocols(chosen)),
  device: async (chosen) => deviceSchema(await protocols(chosen)),
  model: async (chosen) => modelSchema(await protocols(chosen)),
  config: async () => {
    const { configSchema } = await import('@mapper-sdk/core/main')
    // Every block may be left out: its defaults are filled in when the file is read.
    return {
      ...closed(lenient(configSchema, { partial: true, empty: true })),
      title: 'File of a mapper',
    }
  },
  recipe: async () => {
    const { recipeSchema } = await import('@mapper-sdk/serial')
    return { ...lenient(recipeSchema, { partial: false }), title: 'Recipe' }
  },
  simulator: async () => {
    const { simulatorScriptSchema } = await import('@mapper-sdk/serial/simulator')
    return { ...lenient(simulatorScriptSchema, { partial: false }), title: 'Simulator script' }
  },
}

export const schemaNames = Object.keys(files)

async function protocols(chosen: readonly string[]): Promise<readonly Protocol[]> {
  const choice = createDriverChoice(chosen)
  const others = chosen.map((each) => each.slice(0, each.indexOf('=')))
  const names = new Set([...knownDrivers, ...others])
  return Promise.all(
    [...names].map(async (protocolName) => ({
      protocolName,
      driver: await findDriver(choice(protocolName)),
    })),
  )
}

/** The settings of one driver as it checks them, with the value options that all have. */
function ofDriver(what: string, driver: Driver): Schema {
  return {
    title: `Settings of the driver ${what}`,
    type: 'object',
    properties: {
      protocol: { $ref: '#/$defs/protocol' },
      visitor: { anyOf: [{ $ref: '#/$defs/visitor' }, { $ref: '#/$defs/valueOptions' }] },
    },
    $defs: {
      protocol: driver.protocolSchema,
      visitor: driver.visitorSchema,
      valueOptions: valueOptionsSchema,
    },
  }
}

/** Keys that the mapper does not know do nothing there; an editor may say so at once. */
const closed = (schema: Schema): Schema => {
  const { properties } = schema as { readonly properties?: Readonly<Record<string, Schema>> }
  if (properties === undefined) return schema
  return {
    ...schema,
    properties: Object.fromEntries(
      Object.entries(properties).map(([key, inner]) => [key, closed(inner)]),
    ),
    additionalProperties: false,
  }
}
