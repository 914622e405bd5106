import { readFile } from 'node:fs/promises'
import { MapperError } from '../errors.ts'

/** What opens the broker. Comes from files or the environment, never from the configuration itself. */
export interface BrokerSecrets {
  readonly username?: string
  readonly password?: string
  /** PEM. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

export interface SecretPlaces {
  readonly username_file?: string
  readonly password_file?: string
  readonly ca_file?: string
  readonly cert_file?: string
  readonly key_file?: string
}

/**
 * Reads them: a file that the configuration names, else one that `MQTT_USERNAME_FILE` or
 * `MQTT_PASSWORD_FILE` names, else `MQTT_USERNAME` and `MQTT_PASSWORD`. Throws `invalid_config` that
 * names the key and the file, and never what is in it.
 */
export async function readSecrets(
  places: SecretPlaces,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<BrokerSecrets> {
  for (const [one, other] of pairs) {
    if (places[one] !== undefined && places[other] === undefined) {
      throw new MapperError(
        'invalid_config',
        `mqtt.${other}: is missing, but needed with mqtt.${one}`,
      )
    }
  }
  const word = (key: 'username_file' | 'password_file', name: string) =>
    readWord({ named: places[key], key: `mqtt.${key}`, name }, environment)
  const pem = async (key: 'ca_file' | 'cert_file' | 'key_file') => {
    const named = places[key]
    return named === undefined ? undefined : readFileOf(named, `mqtt.${key}`)
  }
  const [username, password, ca, cert, key] = await Promise.all([
    word('username_file', 'MQTT_USERNAME'),
    word('password_file', 'MQTT_PASSWORD'),
    ...[pem('ca_file'), pem('cert_file'), pem('key_file')],
  ])
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  }
}

const pairs = [
  ['cert_file', 'key_file'],
  ['key_file', 'cert_file'],
] as const

/**
 * A secret of one line: from the file that the configuration names under `key`, else from the one that
 * the environment `NAME_FILE` names, else the environment `NAME` itself. Undefined if there is none.
 */
export async function readWord(
  place: { readonly named: string | undefined; readonly key: string; readonly name: string },
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const { named, key, name } = place
  const file = named ?? environment[`${name}_FILE`]
  if (file === undefined || file === '') return environment[name] || undefined
  // Editors and `kubectl create secret` users leave a line end behind.
  return (await readFileOf(file, named === undefined ? `${name}_FILE` : key)).replace(/\r?\n$/, '')
}

/** A file that `source` names. Throws `invalid_config`. */
export async function readFileOf(file: string, source: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    throw new MapperError(
      'invalid_config',
      `${source}: cannot read ${file} (${code ?? 'failed'})`,
      {
        cause: thrown,
      },
    )
  }
}
