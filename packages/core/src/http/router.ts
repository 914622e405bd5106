import { paramSchema, type Route } from './route.ts'

/** What a request line leads to. */
export type Match =
  | {
      readonly kind: 'found'
      readonly route: Route
      readonly params: Readonly<Record<string, string>>
      readonly query: URLSearchParams
    }
  /** The path exists, but not with this method. */
  | { readonly kind: 'wrong method'; readonly allow: string }
  | { readonly kind: 'unknown' }
  /** No path at all. */
  | { readonly kind: 'malformed'; readonly text: string }

/** Longer than any path of ours. */
const longestTarget = 4096

/**
 * Finds routes. The path is taken apart before its parts are decoded, so that an encoded slash never
 * makes a part of its own; `.` and `..` are not resolved and lead nowhere. Pure; never throws.
 */
export function createRouter(routes: readonly Route[]): (method: string, target: string) => Match {
  const paths = new Map<string, { steps: readonly string[]; byMethod: Map<string, Route> }>()
  for (const route of routes) {
    // Routes that differ only in the names of their parameters are one path for the router.
    const key = route.path.replaceAll(/\{\w+\}/g, '{}')
    const path = paths.get(key) ?? { steps: stepsOf(route.path), byMethod: new Map() }
    path.byMethod.set(route.method, route)
    paths.set(key, path)
  }

  return (method, target) => {
    if (!target.startsWith('/')) return malformed('the target must be a path')
    if (target.length > longestTarget) return malformed('the path is too long')
    const mark = target.indexOf('?')
    const steps = decoded(mark === -1 ? target : target.slice(0, mark))
    if (steps === undefined) return malformed('the path is not decodable')
    const query = new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1))
    for (const { steps: wanted, byMethod } of paths.values()) {
      const params = paramsOf(wanted, steps)
      if (params === undefined) continue
      // RFC 9110, clause 9.3.2: HEAD is GET without the body.
      const route = byMethod.get(method === 'HEAD' ? 'GET' : method)
      if (route !== undefined) return { kind: 'found', route, params, query }
      const allowed = [...byMethod.keys()].flatMap((one) => (one === 'GET' ? [one, 'HEAD'] : [one]))
      return { kind: 'wrong method', allow: allowed.sort().join(', ') }
    }
    return { kind: 'unknown' }
  }
}

const malformed = (text: string): Match => ({ kind: 'malformed', text })
const stepsOf = (path: string) => path.split('/').slice(1)

/** The parts of a path, decoded; undefined if one cannot be, or has a control character. */
function decoded(path: string): readonly string[] | undefined {
  try {
    const steps = stepsOf(path).map(decodeURIComponent)
    // NUL and its like are in no name of ours, and could end a line of a log or of an answer.
    return steps.some((step) => /[\0-\x1F\x7F]/.test(step)) ? undefined : steps
  } catch {
    return undefined
  }
}

function paramsOf(
  wanted: readonly string[],
  steps: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (wanted.length !== steps.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, want] of wanted.entries()) {
    const step = steps[index] ?? ''
    const [, name] = /^\{(\w+)\}$/.exec(want) ?? []
    if (name === undefined) {
      if (want !== step) return undefined
      continue
    }
    const { maxLength, pattern } = paramSchema(name) as { maxLength: number; pattern?: string }
    if (step === '' || step === '.' || step === '..' || step.length > maxLength) return undefined
    if (pattern !== undefined && !new RegExp(pattern).test(step)) return undefined
    params[name] = step
  }
  return params
}
