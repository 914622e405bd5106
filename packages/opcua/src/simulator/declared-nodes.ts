import type { Space } from './space/space.ts'
import type { BuiltInType } from './space/variant-values.ts'
import { createCourse, paceOf, type Variation } from './vary.ts'

/** A variable of a user's own: in the folder of its name before the first dot, else in `Nodes`. */
export interface DeclaredNode {
  readonly name: string
  readonly type: BuiltInType
  /** A list is an array. */
  readonly value: unknown
  /** Default true. */
  readonly writable?: boolean
  /** Moves a number until the server ends. All but floats are rounded. */
  readonly vary?: Variation
}

/** Adds the nodes and moves those that vary, until it is stopped. */
export function addDeclared(space: Space, nodes: readonly DeclaredNode[]): () => void {
  const timers: NodeJS.Timeout[] = []
  for (const { name, type, value, writable = true, vary } of nodes) {
    space.variable(name, type, value, {
      ...(!name.includes('.') && { folder: space.folder('Nodes'), browseName: name }),
      ...(!writable && { accessLevel: 'CurrentRead' }),
    })
    const there = space.variables.get(name)
    if (vary === undefined || there === undefined) continue
    const course = createCourse(vary)
    const move = () => {
      const number = course()
      const exact = type === 'Float' || type === 'Double' ? number : Math.round(number)
      there.node.setValueFromSource(there.variantOf(exact))
    }
    move()
    timers.push(setInterval(move, paceOf(vary)))
  }
  return () => {
    for (const timer of timers) clearInterval(timer)
  }
}
