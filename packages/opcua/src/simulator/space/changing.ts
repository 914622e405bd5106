import type { UAVariable } from 'node-opcua'
import type { ChangingItems } from '../options.ts'
import type { Space } from './space.ts'

/** Adds `Changing.0` …, counters that are all at the same number, and moves them until it is stopped. */
export function startChanging(space: Space, { count, everyMs }: ChangingItems): () => void {
  const { DataType } = space.library
  const nodes: UAVariable[] = []
  for (let index = 0; index < count; index++) {
    space.variable(`Changing.${index}`, 'UInt32', 0)
    const made = space.variables.get(`Changing.${index}`)
    if (made !== undefined) nodes.push(made.node)
  }
  let number = 0
  const move = () => {
    number = (number + 1) % 2 ** 32
    const now = new Date()
    for (const node of nodes) {
      node.setValueFromSource({ dataType: DataType.UInt32, value: number }, undefined, now)
    }
  }
  const timer = setInterval(move, everyMs)
  return () => clearInterval(timer)
}
