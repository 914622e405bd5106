/** A small store that core carries over reconnects: what a connection learned about its devices. */
export interface Memory {
  get(key: string): unknown
  set(key: string, value: unknown): void
}

/** What must survive a restart of the process: small texts by key. */
export interface StateStore {
  get(key: string): string | undefined
  set(key: string, value: string): void
  /** Resolves when all that was set is kept, as far as that is possible. */
  flush(): Promise<void>
}
