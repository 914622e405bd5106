import { createRequire } from 'node:module'

export interface ParsedMetric {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly metrics: readonly {
    readonly labels?: Readonly<Record<string, string>>
    readonly value?: string
    readonly buckets?: Readonly<Record<string, string>>
    readonly count?: string
    readonly sum?: string
  }[]
}

/** The text format of Prometheus as others read it. The package has no types. */
export const parseMetrics = createRequire(import.meta.url)('parse-prometheus-text-format') as (
  text: string,
) => readonly ParsedMetric[]
