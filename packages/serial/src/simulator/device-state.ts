import { MapperError, decimalOf, type Value } from '@mapper-sdk/core'
import { compileFormula } from '../extract/expression.ts'
import { fractionOf, valueOf } from '../extract/fraction.ts'
import { paramValue } from '../recipe/params.ts'
import type { DeviceState } from './simulated-device.ts'
import type { ScriptState } from './simulator-script.ts'

/** The states of a device, for itself: what it was told is known to be right. */
export interface StateBook extends DeviceState {
  put(name: string, value: Value): void
  all(): Readonly<Record<string, Value>>
}

/** A value as the type of a state wants it. Throws a MapperError `invalid_config`. */
export const stateValue = (name: string, given: string | number, spec: ScriptState): Value =>
  paramValue(name, given, { type: spec.type ?? 'number' })

/** For states that `checkScript` found right. */
export function createState(specs: Readonly<Record<string, ScriptState>>): StateBook {
  const kept = new Map<string, Value>()
  const computed = new Map<string, () => Value>()
  for (const [name, spec] of Object.entries(specs)) {
    if (spec.expression === undefined) kept.set(name, stateValue(name, spec.initial ?? '', spec))
    else {
      const { names, compute } = compileFormula(spec.expression)
      const number = (other: string) => fractionOf(decimalOf(Number(kept.get(other))))
      computed.set(name, () => valueOf(compute(names.map(number))))
    }
  }
  const names = Object.keys(specs)
  const wrong = (detail: string) => new MapperError('invalid_config', detail)
  const has = names.length === 0 ? 'has none' : `has ${names.join(', ')}`

  function get(name: string): Value {
    const value = kept.get(name) ?? computed.get(name)?.()
    if (value === undefined) throw wrong(`${name} is no state; the device ${has}`)
    return value
  }

  return {
    names,
    get,
    set(name, given) {
      const spec = Object.hasOwn(specs, name) ? specs[name] : undefined
      if (spec === undefined) throw wrong(`${name} is no state; the device ${has}`)
      if (spec.expression !== undefined) {
        throw wrong(`${name} is computed by ${spec.expression}; set what is in there`)
      }
      kept.set(name, stateValue(name, given, spec))
    },
    put: (name, value) => void kept.set(name, value),
    all: () => Object.fromEntries(names.map((name) => [name, get(name)])),
  }
}
