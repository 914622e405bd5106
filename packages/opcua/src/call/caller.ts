import { MapperError, type Outcome, type Value, type Write } from '@mapper-sdk/core'
import type { Argument } from 'node-opcua-client'
import { dataTypes, type OpcuaVisitor } from '../config/visitor.ts'
import { builtIn } from '../data/built-in.ts'
import { jsonOf } from '../data/json.ts'
import { severityOf, statusError } from '../data/status.ts'
import { typedOf } from '../data/typed.ts'
import { variantOf, variantOfJson } from '../data/variant.ts'
import type { Library } from '../library.ts'
import type { OpcuaLink } from '../link/link.ts'
import { basicTypeOf } from '../nodes/basic-type.ts'
import { shapeOf } from '../nodes/node-facts.ts'
import { writeContextOf } from '../data/write-context.ts'
import type { NodeName, NodeResolver } from '../nodes/resolve-nodes.ts'
import { splitArguments } from './split-arguments.ts'

/** Calls methods: a property with `methodID` is written by calling it, and shows the last result. */
export interface Caller {
  call(write: Write<OpcuaVisitor>, signal: AbortSignal): Promise<Outcome<void>>
  /** The last result of the method of a visitor, as JSON text; undefined if the visitor has no method. */
  result(visitor: OpcuaVisitor): Outcome<Value> | undefined
}

export function createCaller(
  link: OpcuaLink,
  options: { readonly library: Library; readonly resolver: NodeResolver },
): Caller {
  const { library, resolver } = options
  const context = writeContextOf(library, link.facts.namespaces)
  const results = new WeakMap<OpcuaVisitor, string>()
  const methods = new WeakMap<OpcuaVisitor, NodeName>()

  const methodOf = (visitor: OpcuaVisitor): NodeName => {
    const known = methods.get(visitor) ?? { nodeID: visitor.methodID ?? '' }
    methods.set(visitor, known)
    return known
  }

  const typeOf = async ({ dataType }: Argument, signal: AbortSignal) => {
    const basic = await link.ask(
      'data type',
      (session) => basicTypeOf(session, dataType, library),
      signal,
    )
    return dataTypes.find((each) => builtIn[each] === basic)
  }

  const run = async (
    { visitor, value }: Write<OpcuaVisitor>,
    signal: AbortSignal,
  ): Promise<MapperError | undefined> => {
    const [objectId, methodId] = await resolver.resolve([visitor, methodOf(visitor)], signal)
    for (const node of [objectId, methodId]) if (node instanceof MapperError) return node
    if (!(objectId instanceof library.NodeId) || !(methodId instanceof library.NodeId)) return
    const { inputArguments } = await link.ask(
      'arguments of the method',
      (session) => session.getArgumentDefinition(methodId),
      signal,
    )
    const isArray = inputArguments.map(({ valueRank }) => valueRank >= 0)
    const given = splitArguments(value, isArray)
    if (given instanceof MapperError) return given
    const inputs: object[] = []
    for (const [index, argument] of inputArguments.entries()) {
      const dataType = await typeOf(argument, signal)
      const name = `argument ${argument.name ?? index + 1}`
      if (dataType === undefined) {
        return new MapperError('unsupported', `${name} is a structure, which cannot be passed`)
      }
      const target = { dataType, shape: shapeOf(argument.valueRank) }
      const one = given[index] ?? { isJson: false, value: '' }
      const variant = one.isJson
        ? variantOfJson(one.json, target, context)
        : variantOf(one.value, target, context)
      if (variant instanceof MapperError) {
        return new MapperError(variant.code, `${name}: ${variant.detail}`)
      }
      inputs.push(variant)
    }
    const answer = await link.ask(
      'call',
      (session) =>
        session.call({
          objectId,
          methodId,
          inputArguments: inputs,
        }),
      signal,
    )
    if (severityOf(answer.statusCode.value) === 'bad') return refused(answer)
    const outputs = (answer.outputArguments ?? []).map((output) => jsonOf(typedOf(output), {}))
    results.set(visitor, `[${outputs.join(',')}]`)
    return undefined
  }

  /** Names the arguments that the server did not like. */
  const refused = (answer: {
    statusCode: Parameters<typeof statusError>[0]
    inputArgumentResults?: Parameters<typeof statusError>[0][] | null
  }) => {
    const { code, detail } = statusError(answer.statusCode)
    const bad = (answer.inputArgumentResults ?? []).flatMap((status, index) =>
      severityOf(status.value) === 'good'
        ? []
        : [`argument ${index + 1}: ${statusError(status).detail}`],
    )
    return new MapperError(code, [detail, ...bad].join('; '))
  }

  return {
    async call(write, signal) {
      const error = await run(write, signal)
      return error === undefined ? { ok: true, value: undefined } : { ok: false, error }
    },
    result(visitor) {
      if (visitor.methodID === undefined) return undefined
      const value = results.get(visitor)
      if (value !== undefined) return { ok: true, value }
      return {
        ok: false,
        error: new MapperError('unsupported', 'the method has not been called yet'),
      }
    },
  }
}
