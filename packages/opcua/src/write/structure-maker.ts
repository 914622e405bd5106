import { MapperError, type Value } from '@mapper-sdk/core'
import type { ExtensionObject, NodeId } from 'node-opcua-client'
import { builtIn } from '../data/built-in.ts'
import { isList, parseJson, type Json } from '../data/parse-json.ts'
import { fieldsOfJson } from '../data/structure-fields.ts'
import type { StructureLike } from '../data/typed.ts'
import type { WriteTarget, WrittenVariant } from '../data/variant.ts'
import type { WriteContext } from '../data/write-context.ts'
import type { OpcuaLink } from '../link/link.ts'

/** Makes structures of JSON texts. What a node has shows their type; that is asked once. */
export interface StructureMaker {
  make(
    value: Value,
    node: { readonly nodeId: NodeId; readonly dataTypeId: NodeId },
    shape: WriteTarget['shape'],
    signal: AbortSignal,
  ): Promise<WrittenVariant | MapperError>
}

export function createStructureMaker(link: OpcuaLink, context: WriteContext): StructureMaker {
  const known = new WeakMap<NodeId, Sample>()

  /** Of the value that is there, which may be of a subtype; else of the type that the node names. */
  const askSample = async (nodeId: NodeId, dataTypeId: NodeId, signal: AbortSignal) => {
    const found = sampleIn(
      await link.ask(
        'read a structure',
        (session) => session.read({ nodeId, attributeId: 13 }),
        signal,
      ),
    )
    if (found !== undefined) return found
    const made = await link.ask(
      'type of a structure',
      (session) => session.constructExtensionObject(dataTypeId, {}).catch(() => undefined),
      signal,
    )
    const sample = made && sampleOf(made as unknown as StructureLike)
    return (
      sample ??
      new MapperError(
        'unsupported',
        `the server does not tell what structures ${dataTypeId.toString()} has, so none can be written`,
      )
    )
  }

  const learn = async (nodeId: NodeId, dataTypeId: NodeId, signal: AbortSignal) => {
    const sample = known.get(nodeId) ?? (await askSample(nodeId, dataTypeId, signal))
    if (!(sample instanceof MapperError)) known.set(nodeId, sample)
    return sample
  }

  return {
    async make(value, { nodeId, dataTypeId }, shape, signal) {
      const wanted = jsonIn(value, shape)
      if (wanted instanceof MapperError) return wanted
      const sample = await learn(nodeId, dataTypeId, signal)
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
  const samples = all.flatMap((each) =>
    each == null ? [] : (sampleOf(each as StructureLike) ?? []),
  )
  return samples.some(({ schema }) => schema !== samples[0]?.schema)
    ? new MapperError('unsupported', 'the node holds structures of several types')
    : samples[0]
}

function sampleOf(structure: StructureLike): Sample | undefined {
  const { schema } = structure
  // One that stayed opaque holds its bytes, and no fields.
  if (schema === undefined || structure['buffer'] instanceof Uint8Array) return undefined
  const Made = structure.constructor as unknown as new (fields: object) => ExtensionObject
  return { schema, make: (fields) => new Made(fields) }
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
