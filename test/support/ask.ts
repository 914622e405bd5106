import type { Child } from './child.ts'

type Answer = Readonly<Record<string, unknown>>

/** Questions to a child that answers each JSON line with one that has the same `id`, or an `error`. */
export function createAsk(child: Child): (question: object) => Promise<Answer> {
  const waiting = new Map<
    number,
    { resolve: (answer: Answer) => void; reject: (e: Error) => void }
  >()
  let last = 0
  child.onObject((answer) => {
    const one = waiting.get(Number(answer['id']))
    waiting.delete(Number(answer['id']))
    if (answer['error'] === undefined) one?.resolve(answer)
    else one?.reject(new Error(JSON.stringify(answer['error'])))
  })
  void child.ended.then((how) => {
    for (const { reject } of waiting.values()) {
      reject(new Error(`ended with ${how}:\n${child.lines.slice(-20).join('\n')}`))
    }
    waiting.clear()
  })
  return (question) =>
    new Promise((resolve, reject) => {
      if (child.end !== undefined) return reject(new Error(`has ended with ${child.end}`))
      const id = ++last
      waiting.set(id, { resolve, reject })
      child.send({ id, ...question })
    })
}
