import type { DataValue } from 'node-opcua-client'

const extensionObject: number = 22

/** A structure, or several: the client library may have to ask the server for its type. */
export const isOpaque = ({ value }: DataValue): boolean =>
  (value as DataValue['value'] | undefined)?.dataType === extensionObject
