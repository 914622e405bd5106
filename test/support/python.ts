import { spawnSync } from 'node:child_process'

/** A python3 that has these modules. The system's own comes first: that is where apt puts modules. */
export function findPython(...modules: readonly string[]): string | undefined {
  return ['/usr/bin/python3', 'python3'].find(
    (python) => spawnSync(python, ['-c', `import ${modules.join(', ')}`]).status === 0,
  )
}
