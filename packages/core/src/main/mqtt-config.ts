import { Type } from '../schema.ts'

const file = (description: string) => Type.Optional(Type.String({ minLength: 1, description }))

/** The way to KubeEdge, and the broker that it may take. */
export const edgeKeys = {
  edge: Type.Enum(['dmi', 'mqtt-legacy'], {
    default: 'dmi',
    description:
      'the way to KubeEdge: dmi, for EdgeCore 1.15 and newer, or mqtt-legacy, for older ones; default dmi',
  }),
  uplink: Type.Optional(
    Type.Enum(['auto', 'dmi', 'mqtt'], {
      description:
        'how twins and states are reported with edge: dmi. Over DMI, over the MQTT broker, which takes many more, or over whichever works; default: auto with mqtt.url, else dmi',
    }),
  ),
  mqtt: Type.Object(
    {
      url: Type.Optional(
        Type.String({
          pattern: '^(mqtts?|tcp|ssl)://[^@/\\s]+/?$',
          description:
            "EdgeCore's broker, without user and password: mqtt://host:port or mqtts://host:port; default for mqtt-legacy mqtt://127.0.0.1:1883",
        }),
      ),
      username_file: file('holds the user name; default: the environment MQTT_USERNAME'),
      password_file: file('holds the password; default: the environment MQTT_PASSWORD'),
      ca_file: file('PEM of the authority that signed the certificate of the broker'),
      cert_file: file("PEM of the mapper's own certificate; needs key_file"),
      key_file: file("PEM of the mapper's own key; needs cert_file"),
      client_id: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 128,
          description:
            'the name at the broker, for this process alone; default: one made of the name',
        }),
      ),
      profile_file: file('deviceProfile.json with the devices; needed for mqtt-legacy'),
    },
    { default: {}, description: 'the MQTT broker of the node' },
  ),
}
