/** One thing that `mapper check` looks for. */
export interface Rule {
  /** `note`: worth knowing, and nothing is broken by it. */
  readonly severity: Severity
  /** What is wrong and what comes of it, for the reference page. */
  readonly about: string
  /** What to write instead. */
  readonly instead: string
  /** What `--fix` does about it. Left out: nothing. */
  readonly fix?: string
  /** It means something in a cluster only, and nothing where a folder is run without one. */
  readonly scope?: 'cluster'
}

export type Severity = 'error' | 'warning' | 'note'

/** All rules by their names, which stay as they are. The reference page is made from this table. */
export const rules = {
  'yaml-broken': {
    severity: 'error',
    about: 'The file cannot be read, or is no YAML.',
    instead: 'Mend what the message names. Often it is the indentation or a quote that is missing.',
  },
  'not-a-resource': {
    severity: 'error',
    about: 'A document is neither a Device nor a DeviceModel, nor any other file that is known.',
    instead: '`kind: Device` or `kind: DeviceModel`.',
  },
  'api-version': {
    severity: 'error',
    about: 'The version is not the one that KubeEdge has understood since 1.15.',
    instead: '`apiVersion: devices.kubeedge.io/v1beta1`, and the fields of that version.',
  },
  'old-field': {
    severity: 'error',
    about: 'A field of v1alpha2, which CloudCore leaves out of what it delivers.',
    instead: 'The field that the message names.',
  },
  'unknown-field': {
    severity: 'error',
    about: 'The API server drops or refuses a field that it does not know.',
    instead: 'The field that was meant.',
    fix: 'writes the one field that is near',
  },
  'missing-field': {
    severity: 'error',
    about: 'A field without which nothing can be delivered is missing.',
    instead: 'Add it.',
  },
  'wrong-type': {
    severity: 'error',
    about: 'The API server refuses a number where a text belongs, and the other way round.',
    instead: 'Put it in quotes, or take them off.',
    fix: 'puts quotes around texts, and takes them off numbers and booleans',
  },
  'wrong-choice': {
    severity: 'error',
    about: 'The API server takes certain words only.',
    instead: 'One of the words that the message lists.',
    fix: 'writes upper and lower case as they are wanted',
  },
  'resource-name': {
    severity: 'error',
    about: 'The API server refuses the name or the namespace.',
    instead: 'Lower case letters, digits, `-` and `.`.',
  },
  'resource-twice': {
    severity: 'error',
    about: 'The same Device or DeviceModel is there twice. The later one replaces the first.',
    instead: 'Rename one of them or remove it.',
  },
  'property-twice': {
    severity: 'error',
    about: 'The admission webhook refuses two properties with one name.',
    instead: 'Rename one of them or remove it.',
  },
  'config-nested': {
    severity: 'error',
    about: 'EdgeCore delivers no device that has a list, a map or null as a setting.',
    instead: 'A text, a number or a boolean. Most lists can be written as a text with commas.',
  },
  'config-named-data': {
    severity: 'error',
    about: 'EdgeCore delivers no device that has a setting called data.',
    instead: 'Another name.',
  },
  'number-precision': {
    severity: 'error',
    about:
      'EdgeCore turns every number of a configuration into a float32, which has 24 bits. The mapper gets another number. A fraction that loses its last digits is a warning.',
    instead: 'The number as a text, in quotes.',
    fix: 'puts quotes around it',
  },
  'name-illegal': {
    severity: 'error',
    about: 'EdgeCore drops every report of a property with such a name.',
    instead: '1 to 128 of letters, digits and `- _ . , : / @ #`.',
  },
  'value-illegal': {
    severity: 'warning',
    about:
      'EdgeCore drops values with other characters, so the mapper carries them as `b64:` text, which nobody can read in the cloud.',
    instead: 'Letters, digits and `- _ . , : / @ #`.',
  },
  'namespace-unroutable': {
    severity: 'error',
    about: 'EdgeCore drops all that is reported of devices in a namespace such as `dev`.',
    instead: 'A namespace that is no part of `$hw/events/device/`, such as `default`.',
  },
  'node-missing': {
    severity: 'warning',
    scope: 'cluster',
    about: 'CloudCore sends a device without nodeName to no node.',
    instead: '`nodeName`, with the name of the edge node.',
  },
  'cycle-nanoseconds': {
    severity: 'warning',
    about: 'A cycle is so long that it must be in nanoseconds, as in older samples.',
    instead: 'Milliseconds.',
    fix: 'writes milliseconds',
  },
  'cycle-seconds': {
    severity: 'note',
    about: 'A cycle is so short that seconds may have been meant.',
    instead: 'Milliseconds.',
  },
  'cycle-limits': {
    severity: 'warning',
    about: 'A cycle is below the shortest, beyond the longest, or negative.',
    instead: 'Milliseconds, from 10 to 2147483647.',
  },
  'report-budget': {
    severity: 'note',
    scope: 'cluster',
    about:
      'EdgeCore takes one report a second from all mappers of a node, and forwards 30 twins. The devices of the folder may have more to say; a warning if each then waits a minute or longer.',
    instead: 'A longer reportCycle, a deadband, or the MQTT uplink.',
  },
  'nothing-reported': {
    severity: 'warning',
    about: 'No property has reportToCloud: true, so none shows in the cloud.',
    instead: '`reportToCloud: true` at the properties that are wanted.',
  },
  'model-missing': {
    severity: 'error',
    about: 'EdgeCore delivers no device without its model, which must have the same namespace.',
    instead: 'The name of a DeviceModel that is there.',
  },
  'model-protocol': {
    severity: 'warning',
    scope: 'cluster',
    about:
      'EdgeCore sends a model to the mapper of its own protocol, not to that of the device. Changes of the model come late to the mapper of the device.',
    instead: 'The protocolName of the devices.',
  },
  'property-not-in-model': {
    severity: 'error',
    about: 'A property has no type without its model and is left out.',
    instead: 'The name as in the model, or add it there.',
  },
  'property-not-in-device': {
    severity: 'note',
    about: 'A property of the model is not in the device. KubeEdge does not add it.',
    instead: 'Add it to the device, if it is to be read.',
  },
  'type-unsupported': {
    severity: 'error',
    about: 'No mapper of this SDK reads properties of this type.',
    instead: 'INT, FLOAT, DOUBLE, STRING, BOOLEAN or BYTES.',
  },
  'model-limit': {
    severity: 'warning',
    about: 'A limit of the model makes no sense and is not kept.',
    instead: 'A number as a text, minimum below maximum.',
  },
  'protocol-unknown': {
    severity: 'error',
    about: 'There is no driver for the protocolName.',
    instead: 'The protocolName of a driver; name others with `--driver`.',
  },
  'protocol-visitor': {
    severity: 'warning',
    about:
      'The protocolName of a visitor is not that of its device. EdgeCore goes by the device; other mappers may go by the visitor.',
    instead: 'The protocolName of the device, or nothing.',
  },
  'protocol-mapper': {
    severity: 'warning',
    scope: 'cluster',
    about: 'The mapper registers with another protocolName and never gets the device.',
    instead: "The driver's own protocolName, or `common.protocol` in the mapper's file.",
  },
  'config-unknown-word': {
    severity: 'warning',
    about: 'A setting that the driver does not know does nothing.',
    instead: 'The setting that was meant.',
    fix: 'writes the one setting that is near',
  },
  'config-value': {
    severity: 'error',
    about: 'A setting of the device or of a visitor is missing, wrong, or fits no other.',
    instead: 'What the message says. The settings are on the page of the driver.',
  },
  'desired-read-only': {
    severity: 'warning',
    about: 'A desired value of a ReadOnly property is never written.',
    instead: 'Remove it, or make the property ReadWrite in its model.',
  },
  'desired-value': {
    severity: 'error',
    about: 'The device cannot take the desired value: its type, its limits or its map forbid it.',
    instead: 'A value that the property can have.',
  },
  'method-property': {
    severity: 'error',
    about: 'A method names a property that the device does not have.',
    instead: 'A property of the device.',
  },
  'method-read-only': {
    severity: 'warning',
    about: 'A method sets a property that is ReadOnly in its model.',
    instead: 'Another property, or ReadWrite in the model.',
  },
  'secret-literal': {
    severity: 'warning',
    about: 'Whoever may read devices can read a password that is written into one.',
    instead: 'The path of a file on the gateway.',
  },
  'line-settings': {
    severity: 'error',
    about: 'Two devices on one serial line set it in two ways. It can have one at a time.',
    instead: 'The same speed, bits and parity for all devices of the line.',
  },
  'line-shared': {
    severity: 'error',
    about: 'Two mappers cannot have one serial port.',
    instead: 'One protocol for a line.',
  },
  'device-shared': {
    severity: 'warning',
    about: 'Two Devices are the same one in the field. Both are read, and both write.',
    instead: 'Another unit or address, or one Device with all properties.',
  },
  'mapper-config-value': {
    severity: 'error',
    about: "A setting in the mapper's own file is wrong, and the mapper does not start.",
    instead: 'What the message says. The settings are listed on the page about the file.',
  },
  'mapper-config-unknown': {
    severity: 'warning',
    about: "A setting in the mapper's own file is not known and does nothing.",
    instead: 'The setting that was meant.',
    fix: 'writes the one setting that is near',
  },
  recipe: {
    severity: 'error',
    about: 'A recipe cannot be used.',
    instead: 'What the message says.',
  },
  'simulator-script': {
    severity: 'error',
    about: 'A simulator script cannot be used.',
    instead: 'What the message says.',
  },
  transcript: {
    severity: 'error',
    about: 'A transcript, which tests a recipe, cannot be used.',
    instead: 'What the message says.',
  },
} as const satisfies Readonly<Record<string, Rule>>

export type RuleName = keyof typeof rules

export const ruleOf = (name: RuleName): Rule => rules[name]
