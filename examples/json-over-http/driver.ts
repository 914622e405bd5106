import { MapperError, type Driver, type Outcome, type Value } from '@mapper-sdk/core'

interface Protocol {
  readonly url: string
}
interface Visitor {
  readonly key: string
}
const text = { type: 'string', minLength: 1 }

export const driver: Driver<Protocol, Visitor> = {
  protocolName: 'json-over-http',
  protocolSchema: { type: 'object', properties: { url: text }, required: ['url'] },
  visitorSchema: { type: 'object', properties: { key: text }, required: ['key'] },
  connectionKey: ({ url }) => url,
  connect: async () => ({
    async read({ url }, visitors, signal) {
      const values = new Map(Object.entries(await call(url, { signal })))
      return visitors.map(({ key }): Outcome<Value> => {
        const value = values.get(key)
        if (value !== undefined) return { ok: true, value }
        return { ok: false, error: new MapperError('rejected', `the device has no ${key}`) }
      })
    },
    async write({ url }, writes, signal) {
      const values = Object.fromEntries(writes.map(({ visitor, value }) => [visitor.key, value]))
      await call(url, { method: 'PATCH', body: JSON.stringify(values), signal })
      return writes.map(() => ({ ok: true, value: undefined }))
    },
    close: async () => undefined,
  }),
}

async function call(url: string, init: RequestInit): Promise<Record<string, Value>> {
  const response = await fetch(url, init)
  if (!response.ok) throw new MapperError('bad_data', `${url} answered ${response.status}`)
  return (await response.json()) as Record<string, Value>
}
