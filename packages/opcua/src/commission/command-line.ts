import {
  MapperError,
  valueOptionNames,
  type CommandLine,
  type PropertyType,
  type RawConfig,
} from '@mapper-sdk/core'
import type { OpcuaProtocol } from '../config/protocol.ts'
import { visitorSchema, type DataTypeName, type OpcuaVisitor } from '../config/visitor.ts'
import { identify } from './identity.ts'

/**
 * How OPC UA servers and nodes are named on a command line.
 *
 * A server: `192.0.2.10`, `plc:4841`, `opc.tcp://plc:4840/path?securityPolicy=auto&userName=operator`.
 * A node: a node id (`ns=2;s=Speed`, `nsu=urn:plant;i=7`), or a browse path from the Objects folder
 * (`/2:Line/2:Speed`). A comma begins the words of the visitor only where one of them follows.
 */
export const commandLine: CommandLine<OpcuaProtocol, OpcuaVisitor> = {
  protocol(text) {
    const at = text.indexOf('?')
    const url = at < 0 ? text : text.slice(0, at)
    if (url === '') throw wrong(text, 'names no server')
    return { url, ...(at >= 0 && wordsOf(text.slice(at + 1), text)) }
  },
  visitor: (text) => (/^[/.<]/.test(text) ? { browsePath: text } : { nodeID: text }),
  // A node id has an = in front and may have commas in it.
  headLength: (text) =>
    /^([isgb]=|nsu?=|[/.<])/.test(text) ? (firstWord.exec(text)?.index ?? text.length) : undefined,
  // The server knows the type of its node; the text becomes a value of that.
  valueType: ({ dataType }) => (dataType === undefined ? 'STRING' : typeOfData(dataType)),
  readsBack: ({ methodID }) => methodID === undefined,
  identify,
}

const words = [...Object.keys(visitorSchema.properties), ...valueOptionNames]
const firstWord = new RegExp(`,(?:${words.join('|')})=`, 'i')

/** The property type that takes every value of a data type. */
export function typeOfData(dataType: DataTypeName): PropertyType {
  switch (dataType) {
    case 'Boolean':
      return 'BOOLEAN'
    case 'SByte':
    case 'Byte':
    case 'Int16':
    case 'UInt16':
    case 'Int32':
    case 'UInt32':
    case 'Int64':
    // INT takes unsigned integers of 64 bits as well.
    case 'UInt64':
      return 'INT'
    case 'Float':
      return 'FLOAT'
    case 'Double':
      return 'DOUBLE'
    case 'ByteString':
      return 'BYTES'
    default:
      return 'STRING'
  }
}

function wordsOf(query: string, text: string): RawConfig {
  const pairs = query.split('&').filter((pair) => pair !== '')
  return Object.fromEntries(
    pairs.map((pair): [string, string] => {
      const at = pair.indexOf('=')
      if (at < 1) throw wrong(text, `has "${pair}" where key=value belongs`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}

const wrong = (text: string, why: string) => new MapperError('invalid_config', `"${text}" ${why}`)
