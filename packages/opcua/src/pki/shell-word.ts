/**
 * A path as a shell takes it in a command that people copy from a message. It may come from a custom
 * resource that somebody else wrote, so it must not become a second command. Pure.
 */
export const shellWord = (path: string): string =>
  /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
