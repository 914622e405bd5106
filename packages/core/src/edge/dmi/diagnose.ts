import { accessSync, constants, lstatSync, statSync } from 'node:fs'
import { kindOf } from './socket.ts'

/** Why there is no way to EdgeCore through this socket, and what to do about it. */
export function diagnose(edgecoreSocketPath: string, details = 'no answer'): string {
  const where = `EdgeCore's socket ${edgecoreSocketPath}`
  try {
    const stats = statSync(edgecoreSocketPath)
    if (!stats.isSocket())
      return `${where} is ${kindOf(stats)}; set edgecore_sock to its DMI socket`
    if (!/EACCES|EPERM/.test(details)) accessSync(edgecoreSocketPath, constants.W_OK)
    else throw Object.assign(new Error(details), { code: 'EACCES' })
    return `${where} does not answer (${details}); EdgeCore is stopped or restarting`
  } catch (error) {
    const code = (error as { code?: unknown }).code
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return `${where} does not exist (ENOENT): EdgeCore is not running on this node, or the directory of the socket is not mounted into this container`
    }
    if (code === 'EACCES' || code === 'EPERM') return `${where} ${denied(edgecoreSocketPath)}`
    return `${where} cannot be used: ${String(error)}`
  }
}

/** EdgeCore makes its socket as root with mode 0755, which lets nobody else connect. */
function denied(edgecoreSocketPath: string): string {
  const stats = lstatSync(edgecoreSocketPath, { throwIfNoEntry: false })
  const mode = stats && `mode 0${(stats.mode & 0o777).toString(8)} of uid ${stats.uid}`
  return `refuses us (EACCES): this process is uid ${process.getuid?.()}, the socket has ${mode}; run as uid 0 (no capabilities needed), or have write permission granted by chgrp or setfacl`
}
