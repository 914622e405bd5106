import { MapperError } from '@mapper-sdk/core'
import { BinaryStream } from 'node-opcua-binary-stream'
import * as library from 'node-opcua-client'
import { writeContextOf } from './write-context.ts'
import type { WrittenVariant } from './variant.ts'

const { DataValue, StatusCodes } = library

export const namespaces = ['http://opcfoundation.org/UA/', 'urn:server', 'urn:plant']
export const context = writeContextOf(library, namespaces)

/** The bytes that node-opcua sends for a variant, and what it reads of them. */
export function overTheWire(variant: WrittenVariant | MapperError): library.DataValue {
  if (variant instanceof MapperError) throw variant
  const sent = new DataValue({ value: { ...variant }, statusCode: StatusCodes.Good })
  const stream = new BinaryStream(sent.binaryStoreSize())
  sent.encode(stream)
  const received = new DataValue()
  received.decode(new BinaryStream(stream.buffer))
  return received
}
