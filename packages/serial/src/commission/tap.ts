import type { Wire } from '@mapper-sdk/core/line'

/** The same wire; whoever taps it is told of all bytes, those that go to the device before they do. */
export const tapWire = (
  wire: Wire,
  onBytes: (direction: 'sent' | 'received', bytes: Uint8Array) => void,
): Wire => ({
  ...wire,
  write(bytes) {
    onBytes('sent', bytes)
    return wire.write(bytes)
  },
  listen: (onOwn, onLost) =>
    wire.listen((bytes) => {
      onBytes('received', bytes)
      onOwn(bytes)
    }, onLost),
})
