export interface Instruction {
  readonly word: string
  readonly rest: string
}

const words = new Set([
  ...['ARG', 'CMD', 'COPY', 'ENTRYPOINT', 'ENV', 'EXPOSE', 'FROM', 'HEALTHCHECK', 'LABEL', 'RUN'],
  ...['SHELL', 'STOPSIGNAL', 'USER', 'VOLUME', 'WORKDIR'],
])

/** The instructions of a Dockerfile, lines that go on put together. Throws for a word that is none. */
export function parseDockerfile(text: string): readonly Instruction[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
  return lines.map((line) => {
    const [, word = '', rest = ''] = /^([A-Z]+) (.+)$/.exec(line.trim()) ?? []
    if (!words.has(word)) throw new Error(`no instruction: ${line}`)
    return { word, rest }
  })
}

/** What is wrong with the image of a mapper, in words; nothing if it is as it has to be. */
export function dockerfileProblems(instructions: readonly Instruction[]): readonly string[] {
  const problems: string[] = []
  const must = (holds: boolean, text: string) => void (holds || problems.push(text))
  const starts = instructions.flatMap(({ word }, index) => (word === 'FROM' ? [index] : []))
  const image = instructions.slice(starts.at(-1))
  const last = (word: string) => image.findLast((each) => each.word === word)?.rest ?? ''

  must(starts.length > 1, 'is not built in stages: tools of the build are in the image')
  const known = new Set<string>()
  for (const { word, rest } of instructions) {
    if (word === 'FROM') {
      must(!/:latest\b/.test(rest), `is built on a version that moves: ${rest}`)
      const [, argument, , stage] = /^(?:\$\{(\w+)\}|(\S+))(?: AS (\w+))?$/.exec(rest) ?? []
      must(argument === undefined || known.has(argument), `does not know ${argument}`)
      if (stage !== undefined) known.add(stage)
    }
    if (word === 'ARG') known.add(/^\w+/.exec(rest)?.[0] ?? '')
    const [, from] = /--from=(\w+)/.exec(rest) ?? []
    must(from === undefined || known.has(from), `copies from ${from}, which is no stage`)
    must(word !== 'ADD' && !/curl|wget/.test(rest), 'downloads what nobody checks')
    must(
      !/npm (ci|install)/.test(rest) || rest.includes('--ignore-scripts'),
      'runs scripts of packages',
    )
    must(
      !/(TOKEN|PASSWORD|SECRET)/i.test(word === 'ARG' || word === 'ENV' ? rest : ''),
      'holds a secret',
    )
  }
  must(
    /^[1-9]\d*(:[1-9]\d*)?$/.test(last('USER')),
    'runs as root, or as a user that has only a name',
  )
  const entry = last('ENTRYPOINT')
  must(entry.startsWith('["node"'), 'starts a shell, which passes no signals on')
  must(last('STOPSIGNAL') === 'SIGTERM', 'is not stopped by SIGTERM')
  must(/NODE_ENV=production/.test(last('ENV')), 'does not run in production mode')
  for (const label of ['title', 'description', 'version', 'revision', 'licenses']) {
    must(last('LABEL').includes(`org.opencontainers.image.${label}=`), `has no label ${label}`)
  }
  must(!image.some(({ word }) => word === 'HEALTHCHECK'), 'asks for its health, served or not')
  return problems
}
