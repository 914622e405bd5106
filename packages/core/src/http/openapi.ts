import type { HttpContext } from './context.ts'
import { paramSchema, type Route } from './route.ts'

/** Statuses that any route may answer, before it is asked at all. */
const common: Readonly<Record<number, string>> = {
  400: 'The request is malformed.',
  403: 'The Host header names another host.',
  429: 'The peer asks too often. Retry-After says when to come again.',
  500: 'A bug. The log says which.',
}

const withToken: Readonly<Record<number, string>> = { 401: 'Without the right token.' }

const withBody: Readonly<Record<number, string>> = {
  408: 'The body did not come in time.',
  413: 'The body is too large.',
  415: 'The body is not application/json.',
}

const failures: Readonly<Record<number, string>> = {
  400: 'The query or the body is wrong.',
  403: 'The property is read-only, or the device denies access.',
  404: 'There is no such device, property or method.',
  422: 'The value does not fit, or the device refused it.',
  501: 'There is no such function.',
  503: 'There is no good value, or the device cannot be reached.',
  504: 'There was no answer in time. Whether a write took place is not known.',
}

/** The OpenAPI 3.1 document of these routes. Pure. */
export function openApiOf(routes: readonly Route[], { mapper }: HttpContext): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: `Mapper ${mapper.name}`,
      version: mapper.version,
      description: `REST API of a KubeEdge mapper for the protocol ${mapper.protocol}.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  }
}

function operationOf(route: Route): object {
  const { id: operationId, summary, answer, access, body, query = {} } = route
  const needsToken = access === 'token'
  const failing = {
    ...common,
    ...(needsToken && withToken),
    ...(body && withBody),
    ...Object.fromEntries(route.failures.map((status) => [status, failures[status] ?? ''])),
  }
  const good = (description: string) => ({
    description,
    content: { [mediaTypeOf(answer.type)]: { schema: answer.schema } },
  })
  const path = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: paramSchema(name),
  }))
  const asked = Object.entries(query).map(([name, schema]) => ({ name, in: 'query', schema }))
  return {
    operationId,
    summary,
    security: needsToken ? [{ token: [] }] : [],
    ...(path.length + asked.length > 0 && { parameters: [...path, ...asked] }),
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: body } } },
    }),
    responses: {
      200: good('What was asked for.'),
      ...Object.fromEntries(
        Object.entries(failing).map(([status, description]) => [status, { description, ...plain }]),
      ),
      ...(answer.also !== undefined && { [answer.also]: good('The same, with another outcome.') }),
    },
  }
}

const plain = { content: { 'text/plain': { schema: { type: 'string', minLength: 1 } } } }
const mediaTypeOf = (type: string) => type.split(';')[0] ?? type
