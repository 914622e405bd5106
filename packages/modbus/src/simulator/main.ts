#!/usr/bin/env node
import { runSimulator } from '@mapper-sdk/core/simulating'
import { simulate } from './simulate.ts'

await runSimulator(simulate, 'modbus-simulator')
