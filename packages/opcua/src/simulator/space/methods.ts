import type {
  CallMethodResultOptions,
  DataType,
  MethodFunctor,
  UAMethod,
  Variant,
  VariantOptions,
} from 'node-opcua'
import type { Space } from './space.ts'
import type { BuiltInType } from './variant-values.ts'

/** `Range` stands for all structures. */
type Argument = readonly [name: string, type: BuiltInType | 'Range', isArray?: 'array']

/** `Methods`: sums, every type through and back, one that takes a structure, one that fails and one that takes its time. */
export function addMethods(space: Space): () => void {
  const { library, namespace } = space
  const { StatusCodes, DataType } = library
  const parent = space.folder('Methods')
  const timers = new Set<NodeJS.Timeout>()
  const argument = ([name, type, isArray]: Argument) => ({
    name,
    dataType: type === 'Range' ? type : (DataType[type] as DataType),
    valueRank: isArray === 'array' ? 1 : -1,
    description: name,
  })
  const add = (
    name: string,
    inputs: readonly Argument[],
    outputs: readonly Argument[],
    run: (given: Variant[]) => CallMethodResultOptions | Promise<CallMethodResultOptions>,
  ) => {
    if (space.isMissing(`Methods.${name}`)) return
    const method: UAMethod = namespace.addMethod(parent, {
      browseName: name,
      nodeId: `s=Methods.${name}`,
      inputArguments: inputs.map(argument),
      outputArguments: outputs.map(argument),
    })
    const answer: MethodFunctor = (given, _context, done) => {
      Promise.resolve(run(given)).then(
        (result) => done(null, result),
        (thrown: unknown) => done(thrown as Error),
      )
    }
    method.bindMethod(answer)
  }
  const good = (...outputArguments: VariantOptions[]) => ({
    statusCode: StatusCodes.Good,
    outputArguments,
  })

  add(
    'Add',
    [
      ['a', 'Double'],
      ['b', 'Double'],
    ],
    [['sum', 'Double']],
    ([a, b]) => good({ dataType: DataType.Double, value: Number(a?.value) + Number(b?.value) }),
  )
  const echoed: readonly Argument[] = [
    ['flag', 'Boolean'],
    ['small', 'Int16'],
    ['large', 'Int64'],
    ['text', 'String'],
    ['raw', 'ByteString'],
    ['when', 'DateTime'],
    ['list', 'Double', 'array'],
  ]
  add('Echo', echoed, echoed, (given) => good(...given))
  add('Nothing', [], [], () => good())
  add('Limit', [['range', 'Range']], [['isWide', 'Boolean']], () =>
    good({ dataType: DataType.Boolean, value: true }),
  )
  add('Fail', [], [], () => ({ statusCode: StatusCodes.BadInvalidState, outputArguments: [] }))
  add(
    'Slow',
    [['ms', 'UInt32']],
    [['done', 'Boolean']],
    ([ms]) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          timers.delete(timer)
          resolve(good({ dataType: DataType.Boolean, value: true }))
        }, Number(ms?.value))
        timers.add(timer)
      }),
  )
  return () => {
    for (const timer of timers) clearTimeout(timer)
  }
}
