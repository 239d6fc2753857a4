/**
 * Bundles the program: a process that starts reads two files instead of some two hundred, which
 * takes it half the CPU time (docs/decisions/0006-bundled-build.md).
 *
 *   dist/cli.js       what is run; loads
 *   dist/program.cjs  everything, with the packages that every start needs
 *   dist/compiled/    what V8 has made of it (docs/decisions/0020-compiled-code.md)
 *   dist/index.js     what is imported
 */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const OUT = 'dist';
const LICENSES = 'THIRD-PARTY-LICENSES.txt';

const common = {
  outdir: OUT,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  // Constants of modules become literals: left as they are, they are variables of the bundle, which
  // the compiler reads anew each time.
  minifySyntax: true,
  // Less to read at the start. Names stay, and lines that a stack can point to.
  minifyWhitespace: true,
  lineLimit: 100,
  sourcemap: true,
  // Lines are told; who wants to read them has the repository.
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
};

const built = await Promise.all([
  build({
    ...common,
    entryPoints: ['src/cli.ts'],
    // A module without imports: each costs as much as the start of a small program.
    format: 'cjs',
    define: { 'import.meta.url': '__ownUrl' },
    banner: {
      js:
        'const __ownUrl=import.meta.url,' +
        'require=process.getBuiltinModule("node:module").createRequire(__ownUrl);',
    },
  }),
  build({
    ...common,
    entryPoints: ['src/index.ts'],
    format: 'esm',
    splitting: true,
    chunkNames: 'shared-[hash]',
    packages: 'external',
  }),
  build({
    ...common,
    entryPoints: ['src/program.ts'],
    // V8 gives the code of scripts to who asks for it, not that of modules.
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    define: { 'import.meta.url': '__ownUrl' },
    banner: { js: '"use strict";const __ownUrl=require("node:url").pathToFileURL(__filename);' },
    // Loaded by those who want them.
    external: ['cli-progress', 'pino-pretty', 'prom-client', 'wasmoon-lua5.1'],
  }),
]);
const outputs = Object.assign({}, ...built.map(({ metafile }) => metafile.outputs));
chmodSync(join(OUT, 'cli.js'), 0o755);
writeFileSync(join(OUT, LICENSES), licenses());
removeEarlier();
await compile();

/** The licences of the packages that have become part of the program, which they ask for. */
function licenses() {
  const inputs = built.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const folders = inputs.flatMap(
    (path) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
  );
  return [...new Set(folders)].sort().map(licenseOf).join('\n');
}

function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((found) => /^licen[cs]e/i.test(found));
  if (file === undefined) throw new Error(`${name} comes without its licence`);
  const text = readFileSync(join(folder, file), 'utf8').trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
}

/** What entries share is named after its contents: an earlier build's would stay behind. */
function removeEarlier() {
  for (const name of readdirSync(OUT)) {
    const path = join(OUT, name);
    if (/\.(js|cjs|map)$/.test(name) && !(path in outputs)) rmSync(path);
  }
  rmSync(join(OUT, 'compiled'), { recursive: true, force: true });
}

/** Starts it once, so that what V8 makes of it is kept for the starts to come. */
async function compile() {
  const folder = mkdtempSync(join(tmpdir(), 'redstart-build-'));
  const flags = ['--port', '0', '--save', '', '--dir', folder];
  const server = spawn(process.execPath, [join(OUT, 'cli.js'), ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => server.once('close', resolve));
  let isReady = false;
  for await (const text of server.stdout) {
    if (!String(text).includes('Ready to accept connections')) continue;
    isReady = true;
    server.kill();
  }
  await ended;
  rmSync(folder, { recursive: true });
  if (!isReady) throw new Error('what has been built does not run');
  if (!existsSync(join(OUT, 'compiled'))) console.warn('What V8 makes of it could not be kept');
}
