import path from 'node:path'
import ts from 'typescript'
import { root, titleOf, type Block } from './markdown.ts'

/**
 * Type-checks blocks of TypeScript as if each were a module in the root of the workspace. Answers the
 * errors, as `page:line: message`.
 */
export function compileBlocks(blocks: readonly Block[]): readonly string[] {
  const virtual = new Map(
    blocks.map((block, index) => [path.join(root, `test/docs/block-${index}.ts`), block]),
  )
  const { config } = ts.readConfigFile(
    path.join(root, 'tsconfig.json'),
    ts.sys.readFile.bind(ts.sys),
  ) as {
    config: { compilerOptions: object }
  }
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root)
  const settings: ts.CompilerOptions = {
    ...options,
    composite: false,
    declaration: false,
    declarationMap: false,
    noEmit: true,
    rewriteRelativeImportExtensions: false,
    allowImportingTsExtensions: true,
    // From the sources, so that nothing has to be built.
    customConditions: ['@mapper-sdk/source'],
    noUnusedLocals: false,
  }
  const host = ts.createCompilerHost(settings)
  const { readFile, fileExists } = host
  host.readFile = (file) => virtual.get(path.normalize(file))?.text ?? readFile.call(host, file)
  host.fileExists = (file) => virtual.has(path.normalize(file)) || fileExists.call(host, file)
  const program = ts.createProgram([...virtual.keys()], settings, host)
  return [...virtual].flatMap(([file, block]) => {
    const source = program.getSourceFile(file)
    if (source === undefined) return [`${titleOf(block)}: not compiled`]
    const found = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ]
    return found.map(({ start = 0, messageText }) => {
      const line = block.line + source.getLineAndCharacterOfPosition(start).line
      return `${block.page}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
    })
  })
}
