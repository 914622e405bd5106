import { readFileSync } from 'node:fs'
import { compileRecipe, createFramer, parseRecipe, resolveParams } from '@mapper-sdk/serial'

const recipes = new URL('../../../packages/serial/recipes/', import.meta.url)

function recipeOf(file) {
  return parseRecipe(readFileSync(new URL(file, recipes), 'utf8'), file)
}

/** Frames in, and for each the values of the stream or answer that it is. */
function decoder(recipe, judgements, sink) {
  const ready = compileRecipe(recipe)
  const params = resolveParams(recipe, {})
  const framer = createFramer(recipe.frame, { midStream: true })
  const kinds = judgements(ready, params).map(([find, names]) => ({
    find,
    values: names.map((name) => ({ name, extract: ready.values.get(name).extract })),
  }))
  return (chunk) => {
    for (const frame of framer.push(chunk, performance.now())) {
      if (!frame.good) {
        sink.bad()
        continue
      }
      for (const { find, values } of kinds) {
        const groups = find(frame.payload)
        if (groups === undefined) continue
        const found = {}
        for (const { name, extract } of values) found[name] = extract(frame.payload, groups)
        sink.values(found)
        break
      }
    }
  }
}

function stream(ready, params, name) {
  const { find } = ready.streams.get(name)
  return (payload) => find(payload, params)
}

function answer(ready, params, name) {
  const { judge } = ready.exchanges.get(name)
  return (payload) => {
    const judged = judge(payload, params)
    return judged.kind === 'answer' ? judged.groups : undefined
  }
}

const nmea = (sink) =>
  decoder(
    recipeOf('nmea-0183-gps.yaml'),
    (ready, params) => [
      [stream(ready, params, 'position'), ['latitude', 'longitude', 'speed', 'course']],
      [stream(ready, params, 'fix'), ['altitude', 'satellites', 'dilution']],
    ],
    sink,
  )

function scale(sink) {
  const recipe = recipeOf('mt-sics-scale.yaml')
  const streamedStable = { ...recipe.values.stable, from: 'continuous' }
  return decoder(
    { ...recipe, values: { ...recipe.values, streamedStable } },
    (ready, params) => [
      [stream(ready, params, 'continuous'), ['streamedWeight', 'streamedStable']],
    ],
    sink,
  )
}

const vesc = (sink) =>
  decoder(
    recipeOf('vesc-motor-controller.yaml'),
    (ready, params) => [
      [
        answer(ready, params, 'readings'),
        ['transistorTemperature', 'motorCurrent', 'speed', 'inputVoltage'],
      ],
    ],
    sink,
  )

export const byRecipe = { nmea, scale, vesc }
