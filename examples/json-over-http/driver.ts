import { MapperError, type Driver, type Outcome, type Value } from '@mapper-sdk/core'

type Protocol = { readonly url: string }
type Visitor = { readonly key: string }
const schema = (field: string, description: string) => ({
  type: 'object',
  properties: { [field]: { type: 'string', minLength: 1, description } },
  required: [field],
})

export const driver: Driver<Protocol, Visitor> = {
  protocolName: 'json-over-http',
  protocolSchema: schema('url', 'Where the JSON object is.'),
  visitorSchema: schema('key', 'Where the value is in the object.'),
  connectionKey: ({ url }) => url,
  async connect() {
    const end = new AbortController()
    const call = async (url: string, signal: AbortSignal, init?: RequestInit) => {
      const response = await fetch(url, { ...init, signal: AbortSignal.any([signal, end.signal]) })
      if (!response.ok) throw new MapperError('bad_data', `${url} answered ${response.status}`)
      return (await response.json()) as Record<string, Value>
    }
    return {
      async read({ url }, visitors, signal) {
        const values = new Map(Object.entries(await call(url, signal)))
        return visitors.map(({ key }): Outcome<Value> => {
          const value = values.get(key)
          if (value !== undefined) return { ok: true, value }
          return { ok: false, error: new MapperError('rejected', `the device has no ${key}`) }
        })
      },
      async write({ url }, writes, signal) {
        const values = Object.fromEntries(writes.map(({ visitor, value }) => [visitor.key, value]))
        await call(url, signal, { method: 'PATCH', body: JSON.stringify(values) })
        return writes.map(() => ({ ok: true, value: undefined }))
      },
      close: async () => end.abort(),
    }
  },
}
