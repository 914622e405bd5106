import path from 'node:path'

/**
 * Who may import whom inside packages/core/src. A file belongs to the first room whose pattern matches.
 * `pure` rooms have no clock, no timers, no randomness and no node: modules.
 */
export const rooms = [
  {
    room: 'foundation',
    match: /^(errors|schema|log|time|device|alphabet|store|file-of-resource)$/,
    may: ['foundation'],
  },
  // Programs that stand for devices; nothing of the runtime.
  { room: 'simulating', match: /^simulating\//, may: ['foundation', 'simulating'] },
  {
    room: 'line',
    match: /^line\//,
    may: ['foundation', 'pure', 'line', 'line-port'],
  },
  { room: 'edge', match: /^edge\//, may: ['foundation', 'edge', 'edge-port'] },
  { room: 'http', match: /^http\//, may: ['foundation', 'pure', 'view', 'http'] },
  {
    room: 'runtime',
    match:
      /^(connection|connection-pool|lease|watches|poller|device-loop|group|watched|desired-writer|outbox|budget|reporter|readings|memory|bounded|write-batch)$/,
    may: ['foundation', 'pure', 'edge-port', 'line', 'line-port', 'runtime'],
  },
  {
    room: 'mapper',
    match: /^(mapper|device-book)$/,
    may: ['foundation', 'pure', 'edge-port', 'runtime', 'view', 'mapper'],
  },
  // What a mapper shows of itself, for those that may know nothing else of it.
  { room: 'view', match: /^view$/, may: ['foundation', 'pure', 'runtime'] },
  {
    room: 'main',
    match: /^main(\/|$)/,
    may: [
      ...['foundation', 'pure', 'edge', 'edge-port', 'http', 'runtime', 'view', 'mapper', 'main'],
    ],
  },
  {
    room: 'testing',
    match: /^(testing|conformance)\//,
    may: ['foundation', 'pure', 'edge-port', 'line', 'testing'],
  },
  {
    room: 'index',
    match: /^index$/,
    may: ['foundation', 'pure', 'edge', 'edge-port', 'line-port', 'runtime', 'view', 'mapper'],
  },
  { room: 'pure', match: /^[a-z-]+$/, may: ['foundation', 'pure', 'line-port'] },
]

/** The two ports: types that others may know without knowing what is behind them. */
const ports = { 'edge/edge': 'edge-port', 'line/line': 'line-port' }

const roomOf = (file) => rooms.find(({ match }) => match.test(file))
const nameOf = (file) => ports[file] ?? roomOf(file)?.room

/** What one package may import of another. */
const packages = {
  core: [],
  modbus: ['core'],
  opcua: ['core'],
  serial: ['core'],
  'edge-sim': ['core'],
  // It runs before anything else is installed.
  'create-mapper': [],
}

export const layersRule = {
  meta: { type: 'problem', schema: [], docs: { description: 'keeps the layers of design' } },
  create(context) {
    const file = context.filename.split(path.sep).join('/')
    const [, pkg, inside] = /packages\/([a-z-]+)\/src\/(.+)\.ts$/.exec(file) ?? []
    if (pkg === undefined || /\.(test|suite)$/.test(inside)) return {}
    const check = (node) => {
      const target = node.source?.value
      if (typeof target !== 'string') return
      const sibling = /^@mapper-sdk\/([a-z-]+)/.exec(target)?.[1]
      if (sibling !== undefined && packages[pkg] && !packages[pkg].includes(sibling)) {
        context.report({ node, message: `${pkg} may not import ${sibling}` })
      }
      if (pkg !== 'core') return
      const from = roomOf(inside)
      if (target.startsWith('.')) {
        const to = nameOf(path.posix.join(path.posix.dirname(inside), target).replace(/\.ts$/, ''))
        if (from && to && !from.may.includes(to) && from.room !== to) {
          context.report({ node, message: `${inside} (${from.room}) may not import from ${to}` })
        }
      } else if (from?.room === 'pure' && target.startsWith('node:')) {
        context.report({ node, message: `${inside} is pure: no node: modules` })
      }
    }
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check }
  },
}

export const pureFiles = (dir) => ({
  files: [`${dir}/*.ts`],
  ignores: [
    ...['errors', 'schema', 'log', 'time', 'device', 'connection', 'connection-pool', 'poller'],
    'file-of-resource',
    ...[
      'device-loop',
      'desired-writer',
      'outbox',
      'budget',
      'reporter',
      'readings',
      'memory',
      'mapper',
    ],
    ...['device-book', 'view', 'main', 'index'],
  ]
    .map((name) => `${dir}/${name}.ts`)
    .concat(`${dir}/*.test.ts`),
})
