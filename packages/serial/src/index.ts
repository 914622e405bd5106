export { createChecksum, type Checksum } from './checksum/checksum.ts'
export {
  checkChecksumSpec,
  checksumNames,
  checksumSchema,
  type ChecksumName,
  type ChecksumSpec,
} from './checksum/checksum-spec.ts'
export { checkFrameSpec } from './frame/check-frame-spec.ts'
export type {
  BadFrame,
  BadReason,
  Frame,
  FrameCounters,
  Framer,
  GoodFrame,
  ResetOptions,
} from './frame/frame.ts'
export {
  frameSchema,
  type CobsSpec,
  type DelimitedSpec,
  type FixedSpec,
  type FrameSpec,
  type GapSpec,
  type LengthSpec,
  type PatternSpec,
  type PlacedChecksum,
  type SlipSpec,
} from './frame/frame-spec.ts'
export { createFramer, type FramerOptions } from './frame/framer.ts'
export type { SpecProblem } from './schema-parts.ts'
export { formatBytes, formatHex, parseBytes, parseHex } from './text/bytes-text.ts'
export {
  compileSafePattern,
  type PatternMatch,
  type SafePattern,
  type SafePatternOptions,
} from './text/safe-pattern.ts'
