/** The kinds of projects. Each is a folder of `template`, laid over `template/shared`. */
export const templates = {
  custom: 'a protocol of your own over TCP',
  'serial-line': 'frames of your own on a serial line, or behind a device server',
} as const

export type TemplateName = keyof typeof templates

export const templateNames = Object.keys(templates) as readonly TemplateName[]

export const isTemplateName = (name: string): name is TemplateName => Object.hasOwn(templates, name)
