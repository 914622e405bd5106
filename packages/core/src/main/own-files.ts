import type { MapperConfig } from './config-schema.ts'

/**
 * Files that hold the configuration and the secrets of the mapper, so that no device gets at them.
 * Certificates are none: a device may well be signed by the authority that signed the broker.
 */
export function ownFilesOf(
  { http, mqtt }: Pick<MapperConfig, 'http' | 'mqtt'>,
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const { TOKEN_FILE, MQTT_USERNAME_FILE, MQTT_PASSWORD_FILE } = environment
  return [
    file,
    ...[http?.token_file, http?.tls?.key_file],
    ...[mqtt.username_file, mqtt.password_file, mqtt.key_file],
    ...[TOKEN_FILE, MQTT_USERNAME_FILE, MQTT_PASSWORD_FILE],
  ].filter((each): each is string => each !== undefined && each !== '')
}
