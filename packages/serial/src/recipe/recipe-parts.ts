import { endTexts, optionalBytes } from '../frame/spec-bytes.ts'
import { compileMatch } from '../match/match.ts'
import { concat } from '../template/template.ts'
import { parseBytes } from '../text/bytes-text.ts'
import type { Recipe } from './recipe.ts'

/** What a name stands for, unless it is one that every object has. */
export const own = <T>(record: Readonly<Record<string, T>> | undefined, name: string) =>
  record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined

export const paramNames = (recipe: Recipe): readonly string[] => Object.keys(recipe.params ?? {})

/** Names of the groups that a frame of an exchange or stream has. */
export function groupsOf(recipe: Recipe, from: string): readonly string[] {
  const match = own(recipe.exchanges, from)?.response ?? own(recipe.streams, from)?.match
  return match === undefined ? [] : compileMatch(match, paramNames(recipe)).groups
}

/** Bytes that no text of a request may have: the delimiters of requests, and what the recipe adds. */
export function reservedBytes(recipe: Recipe): Uint8Array {
  const send = recipe.send ?? recipe.frame
  const delimiters =
    send.type === 'delimiter'
      ? [optionalBytes(send.start), ...endTexts(send).map(parseBytes)]
      : send.type === 'fixed' || send.type === 'length'
        ? [optionalBytes(send.end)]
        : []
  const prefix = optionalBytes(send.checksum?.prefix)
  return concat([...delimiters, prefix, optionalBytes(recipe.reserved)])
}
