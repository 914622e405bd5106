/** Counts what came of counters that go up by one: every gap is a change that was lost on the way. */
export function createGaps() {
  const gaps = {
    seen: 0,
    lost: 0,
    counters(size) {
      const last = new Float64Array(size).fill(NaN)
      return {
        note(index, value) {
          gaps.seen++
          const gap = Number(value) - last[index] - 1
          if (gap > 0) gaps.lost += gap
          last[index] = Number(value)
        },
      }
    },
    report(question) {
      if (question === 'reset') gaps.lost = 0
      if (question === 'collect') globalThis.gc?.()
      return {
        ...{ seen: gaps.seen, lost: gaps.lost, at: performance.now() },
        cpu: process.cpuUsage(),
        rssMib: process.memoryUsage.rss() / 2 ** 20,
      }
    },
  }
  return gaps
}
