export { createDecoder, createFrameDecoder, type Decoder } from './decoder.ts'
export type { DecoderOptions } from './decoder-parts.ts'
export {
  findRecipe,
  recipesIn,
  shelvedRecipes,
  type FoundRecipe,
  type ShelvedRecipe,
} from './find-recipe.ts'
export { parseFrameText } from './frame-text.ts'
export { knownSettings, lineOf, parseLine } from './line-of.ts'
export type { Direction, NamedValue, Sighting, Taken } from './sighting.ts'
export { sniff, type SniffEvents, type SniffPlan } from './sniff.ts'
export { tryRecipe, type Trial, type TrialEvents, type TrialResult } from './try-recipe.ts'
