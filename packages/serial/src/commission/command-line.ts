import {
  MapperError,
  queryWords,
  splitOnce,
  type CommandLine,
  type RawConfig,
} from '@mapper-sdk/core'
import type { SerialProtocol } from '../config/protocol.ts'
import { placeOf, recipeOf } from '../config/recipe-of.ts'
import type { SerialVisitor } from '../config/visitor.ts'
import { own } from '../recipe/recipe-parts.ts'
import { createShelf } from '../recipe/shelf.ts'
import { writtenType } from '../recipe/written.ts'
import { findRecipe } from './find-recipe.ts'

const shelf = createShelf()

/**
 * How devices with a recipe and their values are named on a command line.
 *
 * A device: `RECIPE@/dev/ttyUSB0`, `RECIPE@192.0.2.7:4001` (a device server), `RECIPE@udp://192.0.2.7:4001`;
 * words of the configuration and settings of the recipe follow as `?baudRate=4800&address=3`. RECIPE is a
 * name, or the path of a recipe file.
 * A place: the name of a value or of a write of the recipe.
 */
export const commandLine: CommandLine<SerialProtocol, SerialVisitor> = {
  protocol(text) {
    const [place = '', query] = splitOnce(text, '?')
    const at = place.lastIndexOf('@')
    if (at < 1) throw wrong(text, 'names no recipe; write RECIPE@/dev/ttyUSB0 or RECIPE@HOST:PORT')
    const words = { ...lineWords(place.slice(at + 1), text), ...queryWords(query, text) }
    return { ...findRecipe(place.slice(0, at), shelf).words, ...words }
  },
  visitor: (text) => ({ value: text }),
  valueType(visitor, protocol) {
    const { recipe } = recipeOf(protocol, shelf)
    const write = own(recipe.writes, visitor.write ?? visitor.value ?? '')
    return write === undefined ? undefined : writtenType(write)
  },
  readsBack: (visitor, protocol) => placeOf(visitor, recipeOf(protocol, shelf)).value !== undefined,
}

function lineWords(end: string, text: string): RawConfig {
  if (end.startsWith('/')) return { path: end }
  const [, scheme = 'tcp', host, port] =
    /^(?:(tcp|udp):\/\/)?(\[[^\]]+\]|[^:/]+):(\d+)\/?$/i.exec(end) ?? []
  if (host === undefined || port === undefined) {
    throw wrong(
      text,
      'names no line; write /dev/ttyUSB0, HOST:PORT or udp://HOST:PORT behind the @',
    )
  }
  return { transport: scheme.toLowerCase(), host: host.replace(/^\[|\]$/g, ''), port }
}

const wrong = (text: string, why: string) => new MapperError('invalid_config', `"${text}" ${why}`)
