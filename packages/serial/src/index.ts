export { createSerialDriver, serialDriver } from './driver.ts'
export { commandLine } from './commission/command-line.ts'
export { protocolSchema, type SerialProtocol } from './config/protocol.ts'
export { visitorSchema, type SerialVisitor } from './config/visitor.ts'
export { normalize } from './config/dialects.ts'
export {
  createFrameLink,
  type FrameAskOptions,
  type FrameLink,
  type FrameLinkOptions,
} from './link/frame-link.ts'
export { openLink, type LinkOptions } from './link/open-link.ts'
export type { AskOptions, Received, SerialLink } from './link/link.ts'
export { createShelf, ownRecipes, usualFolders, type Shelf } from './recipe/shelf.ts'
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
export { compileExpression, type Expression } from './extract/expression.ts'
export { compileExtract, type Extract } from './extract/extract.ts'
export { extractSchema, type ExtractSpec, type SourceSpec } from './extract/extract-spec.ts'
export type { Fraction } from './extract/fraction.ts'
export { compileMatch, type Groups, type Match } from './match/match.ts'
export { matchSchema, type MatchSpec } from './match/match-spec.ts'
export { checkRecipe } from './recipe/check-recipe.ts'
export {
  compileRecipe,
  type Answer,
  type ReadyExchange,
  type ReadyRecipe,
  type ReadyStream,
  type ReadyValue,
  type ReadyWrite,
} from './recipe/compile-recipe.ts'
export { resolveParams } from './recipe/params.ts'
export { parseWritten } from './recipe/written.ts'
export { parseRecipe } from './recipe/parse-recipe.ts'
export { playTranscript } from './recipe/play-transcript.ts'
export {
  recipeSchema,
  type Exchange,
  type Param,
  type Recipe,
  type RecipeValue,
  type RecipeWrite,
} from './recipe/recipe.ts'
export {
  parseTranscript,
  transcriptSchema,
  type Transcript,
  type TranscriptStep,
} from './recipe/transcript.ts'
export {
  compileTemplate,
  type Template,
  type TemplateOptions,
  type Values,
} from './template/template.ts'
