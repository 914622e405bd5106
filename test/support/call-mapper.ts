import { Client, credentials } from '@grpc/grpc-js'
import { deviceMapperService } from '@mapper-sdk/core/dmi'

type Service = typeof deviceMapperService
type RequestOf<M extends keyof Service> = Parameters<Service[M]['requestSerialize']>[0]

/** EdgeCore's own deadline. */
const deadlineMs = 10_000

/**
 * One call to a mapper's own socket as EdgeCore makes it: on a connection of its own, with a deadline,
 * never repeated. Resolves with how long it took, in ms; rejects with what the mapper answered.
 */
export function callMapper<M extends keyof Service>(
  socketPath: string,
  method: M,
  request: RequestOf<M>,
): Promise<number> {
  const client = new Client(`unix:${socketPath}`, credentials.createInsecure())
  const { path, requestSerialize, responseDeserialize } = deviceMapperService[method]
  const started = performance.now()
  return new Promise<number>((resolve, reject) => {
    client.makeUnaryRequest<RequestOf<M>, unknown>(
      path,
      requestSerialize as (value: RequestOf<M>) => Buffer,
      responseDeserialize,
      request,
      { deadline: Date.now() + deadlineMs },
      (error) => (error === null ? resolve(performance.now() - started) : reject(error)),
    )
  }).finally(() => client.close())
}
