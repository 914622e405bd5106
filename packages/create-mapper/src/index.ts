export { createProject, type ProjectOptions } from './create-project.ts'
export { packageNameProblem, plainName, protocolNameProblem, usualProtocolName } from './names.ts'
export { templateNames, templates, type TemplateName } from './templates.ts'
