#!/usr/bin/env node
/** The `redstart` command. Loads the program that was built beside it (tools/bundle.mjs). */
import { fileURLToPath } from 'node:url';
import type { main } from './program.ts';
import { loadProgram } from './server/compiled-program.ts';
import { compileCommandsWhole } from './server/compiler.ts';
import { collectWithoutHelpers } from './server/javascript-heap.ts';

// First of all: code that was kept is taken only where the flags are those that it was made with.
collectWithoutHelpers();
compileCommandsWhole();

const { exports, keep } = loadProgram(fileURLToPath(new URL('program.cjs', import.meta.url)));
void (exports as { main: typeof main }).main(process.argv.slice(2), keep);
