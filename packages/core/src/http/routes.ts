import type { HttpContext } from './context.ts'
import { openApiOf } from './openapi.ts'
import { createOperationRoutes } from './operation-routes.ts'
import { createReadRoutes } from './read-routes.ts'
import type { Route } from './route.ts'
import { createWriteRoutes } from './write-routes.ts'

/** All that is served, the description of it included. */
export function createRoutes(
  context: HttpContext,
  options: { readonly writesByGet: boolean },
): readonly Route[] {
  const routes: Route[] = [
    ...createOperationRoutes(context),
    ...createReadRoutes(context),
    ...createWriteRoutes(context, options),
    {
      method: 'GET',
      path: '/api/v1/openapi.json',
      id: 'describe',
      summary: 'This description, as OpenAPI 3.1.',
      access: 'open',
      answer: {
        type: 'application/json',
        schema: {
          type: 'object',
          required: ['openapi'],
          properties: { openapi: { const: '3.1.0' } },
        },
      },
      failures: [],
      run: () => ({ status: 200, json: document }),
    },
  ]
  const document = openApiOf(routes, context)
  return routes
}
