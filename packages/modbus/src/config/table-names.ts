import type { Table } from '../link/link.ts'

export const tables = ['coil', 'discrete', 'input', 'holding'] as const satisfies readonly Table[]

const names: Readonly<Record<Table, readonly string[]>> = {
  coil: ['co', 'coils', 'coilRegister', 'coilRegisters'],
  discrete: [
    'di',
    'discreteInput',
    'discreteInputs',
    'discreteInputRegister',
    'discreteInputRegisters',
  ],
  input: ['ir', 'inputRegister', 'inputRegisters'],
  holding: ['hr', 'holdingRegister', 'holdingRegisters'],
}

const byName = new Map<string, Table>(
  tables.flatMap((table) => [table, ...names[table]].map((name) => [name.toLowerCase(), table])),
)

/** The table of a name that people use for it, in any case. */
export const tableNamed = (name: string): Table | undefined =>
  byName.get(name.toLowerCase().replaceAll(/[\s_-]/g, ''))
