/**
 * How late the reads of many devices were, in ms at the 99th percentile. When each should have ended is
 * told from the rhythm of its device: the largest gap between its ends, round the period, ends where the
 * rhythm begins.
 */
export function p99Lateness(endsByDevice, periodMs) {
  const late = []
  for (const ends of endsByDevice) {
    const offsets = ends.map((at) => at % periodMs).sort((a, b) => a - b)
    let [gap, first] = [-1, 0]
    offsets.forEach((offset, index) => {
      const before = index === 0 ? (offsets.at(-1) ?? 0) - periodMs : (offsets[index - 1] ?? 0)
      if (offset - before > gap) [gap, first] = [offset - before, offset]
    })
    for (const offset of offsets) late.push((offset - first + periodMs) % periodMs)
  }
  late.sort((a, b) => a - b)
  return late[Math.floor(late.length * 0.99)] ?? NaN
}
