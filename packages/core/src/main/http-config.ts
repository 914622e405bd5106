import { defaultAddress, defaultLimits } from '../http/server.ts'
import { Type } from '../schema.ts'
import { longestDelayMs } from '../time.ts'

const file = (description: string) => Type.Optional(Type.String({ minLength: 1, description }))
const count = (value: number, maximum: number, description: string, minimum = 1) =>
  Type.Integer({
    minimum,
    maximum,
    default: value,
    description: `${description}; default ${value}`,
  })
const milliseconds = (value: number, description: string) =>
  count(value, longestDelayMs, `${description}, in ms`, 100)

/** The REST API, which the Go framework serves on `common.http_port`. */
export const httpKeys = {
  http: Type.Optional(
    Type.Object(
      {
        address: Type.String({
          minLength: 1,
          maxLength: 253,
          default: defaultAddress,
          description:
            'where it listens: an address of this machine, 0.0.0.0 or :: for all; default 127.0.0.1, which admits this machine alone',
        }),
        port: Type.Optional(
          Type.Integer({
            minimum: 0,
            maximum: 65_535,
            description:
              'the port, 0 for any that is free; default: common.http_port, or 7777 if there is none',
          }),
        ),
        token_file: file(
          'holds the token that admits to writing; default: the environment TOKEN or TOKEN_FILE, and without any of them nothing can be written',
        ),
        hosts: Type.Optional(
          Type.Array(Type.String({ minLength: 1, maxLength: 253 }), {
            maxItems: 64,
            description:
              'more names that the Host header of a request may have, such as that of a proxy; default: on loopback those of this machine, else any',
          }),
        ),
        writes_by_get: Type.Boolean({
          default: false,
          description:
            'lets devicemethod be called by GET, as the Go framework has it, with the token all the same; default false',
        }),
        tls: Type.Optional(
          Type.Object(
            {
              cert_file: file("PEM of the server's certificate and those that signed it"),
              key_file: file('PEM of its key; needed with cert_file'),
              client_ca_file: file(
                'PEM of the authority of the clients: only those with a certificate of it are let in',
              ),
            },
            { description: 'HTTPS instead of HTTP' },
          ),
        ),
        limits: Type.Object(
          {
            body_bytes: count(defaultLimits.bodyBytes, 16_777_216, 'the largest body, in bytes'),
            requests_per_second: count(
              defaultLimits.requestsPerSecond,
              100_000,
              'requests a second of one peer, and twice as many at once',
            ),
            connections: count(
              defaultLimits.connections,
              65_536,
              'connections at once; more are refused',
            ),
            header_ms: milliseconds(
              defaultLimits.headerMs,
              'how long the head of a request may take to come',
            ),
            request_ms: milliseconds(
              defaultLimits.requestMs,
              'how long a whole request may take to come',
            ),
            answer_ms: milliseconds(
              defaultLimits.answerMs,
              'how long an answer, as that of a write, may take',
            ),
          },
          { default: {}, description: 'what a peer may ask' },
        ),
      },
      {
        description:
          'the REST API, the probes and the metrics; served if this block or common.http_port is there',
      },
    ),
  ),
}
