import { Client, credentials, Metadata, type MethodDefinition } from '@grpc/grpc-js'
import { deviceMapperService } from '@mapper-sdk/core/dmi'
import { canceled, MapperError } from '@mapper-sdk/core'

export type DownstreamMethod = Exclude<keyof typeof deviceMapperService, 'GetDevice'>
export type DownstreamRequest<M extends DownstreamMethod> = Parameters<
  (typeof deviceMapperService)[M]['requestSerialize']
>[0]

/**
 * One call from EdgeCore to a mapper: a fresh connection, one try, no waiting for the socket to
 * appear. Rejects with `edge_unavailable` on any failure, with `canceled` when the signal aborts.
 */
export async function callMapper<M extends DownstreamMethod>(options: {
  /** The socket, word for word as the mapper gave it. */
  readonly address: string
  readonly method: M
  readonly request: DownstreamRequest<M>
  readonly rawAuthority: boolean
  readonly deadlineMs?: number
  readonly signal: AbortSignal
}): Promise<void> {
  const { address, method, request, rawAuthority, deadlineMs = 10_000, signal } = options
  if (signal.aborted) throw canceled(signal)
  const client = new Client(`unix:${address}`, credentials.createInsecure(), {
    'grpc.default_authority': rawAuthority ? address : encodeURIComponent(address),
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
  })
  const definition = deviceMapperService[method] as unknown as MethodDefinition<object, object>
  let stop = () => {}
  try {
    await new Promise<void>((resolve, reject) => {
      const call = client.makeUnaryRequest(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize,
        request,
        new Metadata(),
        { deadline: Date.now() + deadlineMs },
        (error) => {
          if (error === null) return resolve()
          if (signal.aborted) return reject(canceled(signal))
          const message = `${method} failed: code ${error.code}, ${error.details}`
          reject(new MapperError('edge_unavailable', message, { cause: error }))
        },
      )
      stop = () => call.cancel()
      signal.addEventListener('abort', stop, { once: true })
    })
  } finally {
    signal.removeEventListener('abort', stop)
    client.close()
  }
}
