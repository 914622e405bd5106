import { readFileSync } from 'node:fs'
import { parse, stringify } from 'yaml'

const recipes = new URL('../../../packages/serial/recipes/', import.meta.url)
const textOf = (name) => readFileSync(new URL(`${name}.yaml`, recipes), 'utf8')

/** The recipe with something else in it. */
function changed(name, change) {
  const recipe = parse(textOf(name), { merge: true })
  change(recipe)
  return stringify(recipe, { aliasDuplicateObjects: false })
}

/** For each kind the recipe, and the values of its streams. */
export const byDriver = {
  nmea: {
    recipe: textOf('nmea-0183-gps'),
    streams: [
      ['latitude', 'longitude', 'speed', 'course'],
      ['altitude', 'satellites', 'dilution'],
    ],
  },
  scale: {
    recipe: changed('mt-sics-scale', (recipe) => {
      // It is told to speak at the scale itself here.
      delete recipe.init
      recipe.values.streamedStable = { ...recipe.values.stable, from: 'continuous' }
    }),
    streams: [['streamedWeight', 'streamedStable']],
  },
  vesc: {
    // A controller that tells its readings by itself.
    recipe: changed('vesc-motor-controller', (recipe) => {
      delete recipe.keepAlive
      recipe.streams = { told: { match: recipe.exchanges.readings.response } }
      for (const value of Object.values(recipe.values)) {
        if (value.from === 'readings') value.from = 'told'
      }
      delete recipe.exchanges.readings
    }),
    streams: [['transistorTemperature', 'motorCurrent', 'speed', 'inputVoltage']],
  },
}
