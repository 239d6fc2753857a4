/**
 * Runs the steps of a Dockerfile in plain folders, where there is no Docker: each stage has a
 * folder that stands for its root, and absolute paths are taken to lie in it. So what the
 * Dockerfile says is what is tried. What only a container can do (users, capabilities, the network)
 * is not.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, join, matchesGlob, posix, relative } from 'node:path';
import { type Copy, DockerfileParser, type Instruction } from 'dockerfile-ast';

/** What is known of the image that a stage leaves behind. */
export interface Image {
  /** The folder that stands for its root. */
  readonly root: string;
  readonly user: string;
  readonly workDir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly entryPoint: readonly string[];
  readonly healthCheck: readonly string[];
  readonly stopSignal: string;
  readonly volumes: readonly string[];
  readonly ports: readonly number[];
  /** Commands that need to be root, which were noted and not run. */
  readonly owners: readonly string[];
}

/** How to go about it. */
export interface Rehearsal {
  readonly dockerfile: string;
  /** What .dockerignore says. */
  readonly ignored: string;
  /** The folder that `docker build` is given. */
  readonly context: string;
  /** An empty folder to work in. */
  readonly scratch: string;
  /**
   * What `npm ci` has made of the same lock file, to be copied in its place; undefined runs it.
   */
  readonly modules?: string;
}

type Draft = { -readonly [Key in keyof Image]: Image[Key] };

/** Runs all stages and answers the last one. Throws where a step fails or is not understood. */
export function rehearse(rehearsal: Rehearsal): Image {
  const stages = new Map<string, Draft>();
  let image: Draft | undefined;
  for (const instruction of DockerfileParser.parse(rehearsal.dockerfile).getInstructions()) {
    const keyword = instruction.getKeyword();
    const words = instruction.getArguments().map((argument) => argument.getValue());
    if (keyword === 'FROM') {
      image = newImage(join(rehearsal.scratch, `stage-${stages.size}`));
      stages.set(words[2] ?? '', image);
    } else if (image === undefined) {
      throw new Error(`${keyword} before FROM`);
    } else {
      step(rehearsal, stages, image, instruction);
    }
  }
  if (image === undefined) throw new Error('no stage');
  return image;
}

/** Words of a command with every absolute path of the image where it lies here. */
export function inFolder({ root }: Pick<Image, 'root'>, words: readonly string[]): string[] {
  return words.map((word) => mapped(root, word));
}

function newImage(root: string): Draft {
  mkdirSync(root, { recursive: true });
  return {
    root,
    user: 'root',
    workDir: '/',
    environment: {},
    entryPoint: [],
    healthCheck: [],
    stopSignal: 'SIGTERM',
    volumes: [],
    ports: [],
    owners: [],
  };
}

function step(
  rehearsal: Rehearsal,
  stages: ReadonlyMap<string, Draft>,
  image: Draft,
  instruction: Instruction,
): void {
  const words = instruction.getArguments().map((argument) => argument.getValue());
  const text = instruction.getArgumentsContent() ?? '';
  switch (instruction.getKeyword()) {
    case 'WORKDIR':
      image.workDir = posix.resolve(image.workDir, words[0]!);
      mkdirSync(join(image.root, image.workDir), { recursive: true });
      break;
    case 'COPY':
      // The parser makes one of this class for each COPY.
      copy(rehearsal, stages, image, instruction as Copy);
      break;
    case 'RUN':
      run(rehearsal, image, instruction.getRawArgumentsContent() ?? '');
      break;
    case 'ENV':
      image.environment = {
        ...image.environment,
        ...Object.fromEntries(words.map((word) => word.split('=') as [string, string])),
      };
      break;
    case 'USER':
      image.user = words[0]!;
      break;
    case 'VOLUME':
      image.volumes = words;
      break;
    case 'EXPOSE':
      image.ports = words.map(Number);
      break;
    case 'STOPSIGNAL':
      image.stopSignal = words[0]!;
      break;
    case 'ENTRYPOINT':
      image.entryPoint = JSON.parse(text) as string[];
      break;
    case 'HEALTHCHECK':
      image.healthCheck = JSON.parse(text.slice(text.indexOf('['))) as string[];
      break;
    case 'LABEL':
      break;
    default:
      throw new Error(`the rehearsal does not know ${instruction.getKeyword()}`);
  }
}

function copy(
  { context, ignored }: Rehearsal,
  stages: ReadonlyMap<string, Draft>,
  image: Draft,
  instruction: Copy,
): void {
  const from = instruction.getFromFlag()?.getValue() ?? undefined;
  const paths = instruction.getArguments().map((argument) => argument.getValue());
  const written = paths.at(-1)!;
  const target = join(image.root, posix.resolve(image.workDir, written));
  for (const source of paths.slice(0, -1)) {
    const base = from === undefined ? context : stages.get(from)!.root;
    const path = join(base, source);
    if (!existsSync(path)) throw new Error(`COPY ${source}: there is no such file`);
    const isFolder = statSync(path).isDirectory();
    const to = !isFolder && written.endsWith('/') ? join(target, basename(source)) : target;
    cpSync(path, to, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (file) =>
        from !== undefined ||
        statSync(file).isDirectory() ||
        !isIgnored(relative(context, file), ignored),
    });
    if (!existsSync(to)) throw new Error(`COPY ${source}: .dockerignore keeps it out`);
  }
}

/** The last line that matches decides; a folder stands for all that is in it. */
function isIgnored(path: string, ignored: string): boolean {
  let isOut = false;
  for (const line of ignored.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const pattern = line.replace(/^!/, '');
    if (matchesGlob(path, pattern) || matchesGlob(path, `${pattern}/**`)) {
      isOut = !line.startsWith('!');
    }
  }
  return isOut;
}

function run(rehearsal: Rehearsal, image: Draft, command: string): void {
  const cwd = join(image.root, image.workDir);
  for (const part of command.split('&&').map((each) => each.trim())) {
    if (part.startsWith('chown ')) {
      image.owners = [...image.owners, part];
    } else if (part.startsWith('npm ci') && rehearsal.modules !== undefined) {
      // Links for the many files; a copy of the one that npm rewrites.
      execFileSync('cp', ['-al', rehearsal.modules, join(cwd, 'node_modules')]);
      const state = 'node_modules/.package-lock.json';
      cpSync(join(rehearsal.modules, '.package-lock.json'), join(cwd, `${state}.copy`));
      execFileSync('mv', [`${state}.copy`, state], { cwd });
    } else {
      mkdirSync(join(image.root, 'usr/local/bin'), { recursive: true });
      const env = { ...process.env, ...image.environment, npm_config_prefer_offline: 'true' };
      execFileSync('sh', ['-e', '-c', mapped(image.root, part)], { cwd, env, stdio: 'pipe' });
    }
  }
}

/** A text with absolute paths below those that the image makes, as they lie in the folder. */
function mapped(root: string, text: string): string {
  return text.replaceAll(/(^|[\s=])(\/(?:app|data|etc|usr\/local)\b)/g, `$1${root}$2`);
}
