#!/usr/bin/env node
import { runCli } from './commands.ts'

await runCli(process.argv)
