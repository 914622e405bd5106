export interface UnitLine {
  readonly section: string
  readonly key: string
  readonly value: string
}

/** The keys that our units use, by section: systemd passes over those that it does not know. */
const keys: Readonly<Record<string, readonly string[]>> = {
  Unit: ['Description', 'After', 'StartLimitIntervalSec'],
  Service: [
    ...['Type', 'ExecStart', 'ExecStartPre', 'ExecStartPost', 'Environment', 'EnvironmentFile'],
    ...['Restart', 'RestartSec', 'TimeoutStopSec', 'OOMPolicy', 'MemoryMax', 'User', 'Group'],
    ...['SupplementaryGroups', 'CapabilityBoundingSet', 'AmbientCapabilities', 'NoNewPrivileges'],
    ...['UMask', 'RuntimeDirectory', 'RuntimeDirectoryMode', 'RuntimeDirectoryPreserve'],
    ...['StateDirectory', 'StateDirectoryMode', 'ProtectSystem', 'ProtectHome', 'PrivateTmp'],
    ...['InaccessiblePaths', 'DevicePolicy', 'DeviceAllow', 'ProtectClock', 'ProtectControlGroups'],
    ...['ProtectHostname', 'ProtectKernelLogs', 'ProtectKernelModules', 'ProtectKernelTunables'],
    ...['ProtectProc', 'RestrictAddressFamilies', 'RestrictNamespaces', 'RestrictRealtime'],
    ...['RestrictSUIDSGID', 'LockPersonality', 'RemoveIPC', 'KeyringMode'],
    ...['SystemCallArchitectures', 'SystemCallFilter', 'SystemCallErrorNumber'],
  ],
  Install: ['WantedBy'],
}

/** The lines of a unit file. Throws for what systemd would only warn about. */
export function parseUnit(text: string): readonly UnitLine[] {
  let section = ''
  return text.split('\n').flatMap((line): readonly UnitLine[] => {
    if (line.trim() === '' || /^[#;]/.test(line)) return []
    const [, title] = /^\[(\w+)\]$/.exec(line) ?? []
    if (title !== undefined) {
      if (keys[title] === undefined) throw new Error(`no section: ${line}`)
      section = title
      return []
    }
    const [, key = '', value = ''] = /^(\w+)=(.*)$/.exec(line) ?? []
    if (keys[section]?.includes(key) !== true) throw new Error(`no key of [${section}]: ${line}`)
    return [{ section, key, value }]
  })
}
