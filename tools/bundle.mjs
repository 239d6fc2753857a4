/**
 * Bundles the program: a process that starts reads three files instead of some two hundred, which
 * takes it half the CPU time (docs/decisions/0006-bundled-build.md).
 */
import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const { metafile } = await build({
  entryPoints: ['src/cli.ts', 'src/index.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  chunkNames: 'shared-[hash]',
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  packages: 'external',
  // Constants of modules become literals: left as they are, they are variables of the bundle, which
  // the compiler reads anew each time.
  minifySyntax: true,
  // Less to read at the start. Names stay, and lines that a stack can point to.
  minifyWhitespace: true,
  lineLimit: 100,
  sourcemap: true,
  metafile: true,
  logLevel: 'warning',
});
chmodSync('dist/cli.js', 0o755);

// What both entries share is named after its contents: an earlier build's would stay behind.
for (const name of readdirSync('dist')) {
  const path = join('dist', name);
  if (name.startsWith('shared-') && !(path in metafile.outputs)) rmSync(path);
}
