#!/usr/bin/env node
import { runCommandLine } from './cli/program.js'
import { endWhenReaderLeaves, processTerminal } from './cli/terminal.js'

endWhenReaderLeaves()
process.exitCode = await runCommandLine(process.argv.slice(2), processTerminal)
