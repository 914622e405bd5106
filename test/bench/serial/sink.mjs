/** Counts what a decoder finds, and keeps the last values, so that both can be compared. */
export function createSink() {
  const sink = {
    frames: 0,
    wrong: 0,
    last: undefined,
    values(found) {
      sink.frames++
      sink.last = found
    },
    bad() {
      sink.wrong++
    },
  }
  return sink
}
