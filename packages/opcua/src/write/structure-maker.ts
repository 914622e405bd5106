import { MapperError, type Value } from '@mapper-sdk/core'
import type { ExtensionObject, NodeId } from 'node-opcua-client'
import { builtIn } from '../data/built-in.ts'
import { isList, parseJson, type Json } from '../data/parse-json.ts'
import { fieldsOfJson } from '../data/structure-fields.ts'
import type { StructureLike } from '../data/typed.ts'
import type { WriteTarget, WrittenVariant } from '../data/variant.ts'
import type { WriteContext } from '../data/write-context.ts'
import type { OpcuaLink } from '../link/link.ts'

/** Makes structures of JSON texts. The value that a node has shows its type; that is read once. */
export interface StructureMaker {
  make(
    value: Value,
    nodeId: NodeId,
    shape: WriteTarget['shape'],
    signal: AbortSignal,
  ): Promise<WrittenVariant | MapperError>
}

export function createStructureMaker(link: OpcuaLink, context: WriteContext): StructureMaker {
  const known = new WeakMap<NodeId, Sample>()

  const sampleOf = async (nodeId: NodeId, signal: AbortSignal) => {
    const sample =
      known.get(nodeId) ??
      sampleIn(
        await link.ask(
          'read a structure',
          (session) => session.read({ nodeId, attributeId: 13 }),
          signal,
        ),
      )
    if (!(sample instanceof MapperError)) known.set(nodeId, sample)
    return sample
  }

  return {
    async make(value, nodeId, shape, signal) {
      const wanted = jsonIn(value, shape)
      if (wanted instanceof MapperError) return wanted
      const sample = await sampleOf(nodeId, signal)
      if (sample instanceof MapperError) return sample
      const made: ExtensionObject[] = []
      for (const json of wanted.structures) {
        const fields = fieldsOfJson(json, sample.schema, context)
        if (fields instanceof MapperError) return fields
        made.push(sample.make(fields))
      }
      const dataType = builtIn.ExtensionObject
      return wanted.isArray
        ? { dataType, arrayType: 1, value: made }
        : { dataType, arrayType: 0, value: made[0] }
    },
  }
}

type Schema = NonNullable<StructureLike['schema']>

/** What a structure of the right type tells of its type. */
interface Sample {
  readonly schema: Schema
  make(fields: object): ExtensionObject
}

function sampleIn({ value }: { readonly value: { readonly value?: unknown } }) {
  const all = Array.isArray(value.value) ? (value.value as unknown[]) : [value.value]
  const first = all.find((each) => each != null) as StructureLike | undefined
  const isKnown = first?.schema !== undefined && !(first['buffer'] instanceof Uint8Array)
  if (first === undefined || !isKnown) {
    return new MapperError(
      'unsupported',
      'the node holds no structure now whose type is known; without one it cannot be written',
    )
  }
  const types = new Set(all.map((each) => (each as StructureLike | null)?.schema?.name))
  if (types.size > 1) {
    return new MapperError('unsupported', 'the node holds structures of several types')
  }
  const make = first.constructor as new (fields: object) => ExtensionObject
  return { schema: first.schema, make: (fields: object) => new make(fields) } as Sample
}

function jsonIn(
  value: Value,
  shape: WriteTarget['shape'],
): { readonly structures: readonly Json[]; readonly isArray: boolean } | MapperError {
  if (shape === 'matrix') {
    return new MapperError('unsupported', 'matrices of structures cannot be written')
  }
  if (typeof value !== 'string') {
    return new MapperError('bad_data', 'the node holds a structure; write a JSON object')
  }
  let json: Json
  try {
    json = parseJson(value)
  } catch (thrown) {
    return MapperError.from(thrown)
  }
  const list = isList(json) ? json : undefined
  if (shape === 'array' && list === undefined) {
    return new MapperError('bad_data', 'the node holds structures; write a JSON array of objects')
  }
  if (shape === 'element' && list !== undefined && list.length !== 1) {
    return new MapperError('bad_data', 'indexRange names one element; write one structure')
  }
  const isArray =
    shape === 'array' || shape === 'element' || (shape === 'any' && list !== undefined)
  return { structures: isArray && list !== undefined ? list : [json], isArray }
}
