#!/usr/bin/env node
// Checked in, so that npm finds something to link before the first build.
import '../dist/bin.js'
