import type { DataValue } from 'node-opcua-client'

const extensionObject = 22

/** A structure, or several: the client library may have to ask the server for its type. */
export const isOpaque = ({ value }: DataValue): boolean =>
  (value as { readonly dataType: number } | undefined)?.dataType === extensionObject
