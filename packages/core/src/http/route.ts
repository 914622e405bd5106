import type { JSONSchema } from '../schema.ts'

/** What a route answers: JSON, or plain text of some type. */
export type Answer =
  | { readonly status: number; readonly json: unknown }
  | { readonly status: number; readonly text: string; readonly type?: string }

export interface RouteRequest {
  /** The parts of the path in braces, decoded. None is empty, `.` or `..`, or has control characters. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** The JSON that came with it; undefined if the route takes none. */
  readonly body: unknown
}

/** One route as data: the router, the checks in front of it and the OpenAPI document are made of it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** As in OpenAPI: `/api/v1/device/{namespace}/{name}/{property}`. */
  readonly path: string
  /** A name for generated clients, unlike all others. */
  readonly id: string
  readonly summary: string
  /** `token`: only with the bearer token. `probe`: open, and not counted against the rate of the peer. */
  readonly access: 'open' | 'token' | 'probe'
  readonly query?: Readonly<Record<string, JSONSchema>>
  /** Of the JSON that must come with it. `run` checks it: the schema is for those who read it. */
  readonly body?: JSONSchema
  readonly answer: {
    /** `application/json`, or the type of a text. */
    readonly type: string
    readonly schema: JSONSchema
    /** A status beside 200 that answers the same kind of body. */
    readonly also?: number
  }
  /** The statuses that it may fail with, beside those of every route; the body is a plain text. */
  readonly failures: readonly number[]
  run(request: RouteRequest): Answer | Promise<Answer>
}

export const fail = (status: number, text: string): Answer => ({ status, text })

/** Part of a path in braces. `data` is a value: it may have slashes, and be longer. */
export const paramSchema = (name: string) =>
  name === 'data'
    ? { type: 'string', minLength: 1, maxLength: 1024 }
    : { type: 'string', minLength: 1, maxLength: 253, pattern: '^[^/]+$' }
