/** One question on the way to find units: is `unit` there on this line? */
export interface Probe<L> {
  readonly line: L
  readonly unit: number
}

/** What manuals and devices come with; the others are asked when none of these was there. */
const usualUnits: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 10, 17, 247, 255])

/**
 * The probes of a search, most promising first. Whoever takes one says by `next(there)` whether the unit
 * answered. All lines are tried with the usual units, then with the rest. As soon as a unit is there the
 * line is known, so from then on only the units that it has not been asked for are left, on this line.
 * No probe comes twice; a search without an answer is every unit on every line.
 */
export function* unitProbes<L>(
  lines: readonly L[],
  units: readonly number[],
): Generator<Probe<L>, void, boolean> {
  const all = [...new Set(units)]
  const rounds = [
    all.filter((unit) => usualUnits.has(unit)),
    all.filter((unit) => !usualUnits.has(unit)),
  ]
  const asked = new Map<L, Set<number>>(lines.map((line) => [line, new Set()]))
  for (const round of rounds) {
    for (const line of lines) {
      for (const unit of round) {
        asked.get(line)?.add(unit)
        if (!(yield { line, unit })) continue
        for (const other of all) if (!asked.get(line)?.has(other)) yield { line, unit: other }
        return
      }
    }
  }
}
