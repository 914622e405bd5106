import type { BrowsedNode, BrowsedVariable, Step } from '@mapper-sdk/opcua/commission'
import { plain } from './item-reading.ts'
import { printable } from './printable.ts'

/** `2:Speed`; names of the standard have no number. */
export const stepText = ({ namespace, name }: Step): string =>
  namespace === 0 ? name : `${namespace}:${name}`

/** As `browsePath` takes it, from the start on. */
export const wayText = (path: readonly Step[]): string =>
  path.length === 0
    ? '/'
    : path
        .map(({ namespace, name }) =>
          // The characters that a browse path gives a meaning.
          stepText({ namespace, name: name.replaceAll(/[&/.<>:#!{]/g, '&$&') }),
        )
        .map((text) => `/${text}`)
        .join('')

/** One node as one line: in its place in the tree, or with the whole way to it. */
export function nodeLine(
  node: BrowsedNode,
  { isFlat, byIndex }: { readonly isFlat: boolean; readonly byIndex: boolean },
): string {
  const { path, depth, name, nodeClass, variable, problem, note } = node
  const title = isFlat ? wayText(path) : `${'  '.repeat(depth)}${stepText(name)}`
  const isPlain = nodeClass === 'Object' || nodeClass === 'Variable'
  const words = [
    printable(title, 500),
    printable(byIndex ? node.indexedId : node.nodeId, 500),
    isPlain ? '' : nodeClass,
    variable === undefined ? '' : variableText(variable),
    problem === undefined ? '' : `– ${printable(problem.message)}`,
    note === undefined ? '' : notes[note],
  ]
  return words.filter((word) => word !== '').join('  ')
}

const notes = { repeated: '(see above)', closed: '(left out)' } as const

function variableText(variable: BrowsedVariable): string {
  const { typeName, shape, isReadable, isWritable, value, wholeLength, unit } = variable
  const many = { scalar: '', array: '[]', matrix: '[,]', any: '' }[shape]
  const access = `${isReadable ? 'r' : '-'}${isWritable ? 'w' : '-'}`
  const words = [`${printable(typeName, 60)}${many}`, access]
  if (value !== undefined) {
    const text = value.ok ? printable(String(plain(value.value)), 60) : `– ${value.error.message}`
    const length = wholeLength === undefined ? '' : ` (${wholeLength} long)`
    words.push(`${text}${value.ok && unit !== undefined ? ` ${printable(unit, 20)}` : ''}${length}`)
    if (value.ok && value.uncertain === true) words.push('(uncertain)')
  }
  return words.join('  ')
}

/** One node as one line of JSON. */
export function nodeJson(node: BrowsedNode, byIndex: boolean): string {
  const { path, name, displayName, nodeClass, variable, problem, note } = node
  return JSON.stringify({
    nodeID: byIndex ? node.indexedId : node.nodeId,
    browsePath: wayText(path),
    ...{ browseName: stepText(name), displayName, nodeClass },
    ...(variable && variableJson(variable)),
    ...(problem && { error: { code: problem.code, message: problem.detail } }),
    ...(note && { note }),
  })
}

function variableJson({ typeName, value, dataType, ...variable }: BrowsedVariable) {
  const { shape, isReadable, isWritable, wholeLength, unit, range } = variable
  return {
    dataType: typeName,
    ...(dataType !== undefined && dataType !== typeName && { builtInType: dataType }),
    ...{ shape, isReadable, isWritable },
    ...(value?.ok === true && { value: plain(value.value) }),
    ...(value?.ok === true && value.uncertain && { uncertain: true }),
    ...(value?.ok === false && {
      valueError: { code: value.error.code, message: value.error.detail },
    }),
    ...(wholeLength !== undefined && { wholeLength }),
    ...(unit !== undefined && { unit }),
    ...(range && { range }),
  }
}
