/**
 * CONFIG REWRITE: brings the configuration file in line with the configuration in force, and leaves
 * the rest of it alone. A line changes only if reading the file again would not give the setting in
 * force; a setting without a line goes below a signature at the end. Before anything is written,
 * the new text is read back and compared with what it should say, because an `include` behind a
 * changed line could undo it.
 *
 * The file is replaced by rename, so that it is the old or the new one at every instant, also after
 * a crash. All of it happens before the caller goes on, flushing to the disk included: whoever
 * asked is answered when the file is safe, and two rewrites cannot meet.
 */

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Config } from './config.ts';
import type { Kind } from './config-directive.ts';
import { systemReason } from './config-error.ts';
import { ConfigLoader } from './config-file.ts';
import { Settings } from './config-settings.ts';
import { DIRECTIVE_NAMES, type DirectiveName, directiveOf } from './config-table.ts';
import { ConfigText } from './config-text.ts';

/**
 * Rewrites the configuration file. `userLines` are the `user ...` lines that the ACL wants in it,
 * that of the default user among them; undefined leaves those that are there alone, as when an ACL
 * file holds the users. Answers the error for the client, its code word included, or undefined.
 */
export function rewriteConfiguration(
  config: Config,
  userLines: readonly string[] | undefined,
): string | undefined {
  const { file } = config.source;
  if (file === undefined) return 'ERR The server is running without a config file';
  try {
    rewriteFile(config, file, userLines);
    return undefined;
  } catch (error) {
    const reason = error instanceof RewriteRefusal ? error.message : systemReason(error);
    return `ERR Rewriting config file: ${reason}`;
  }
}

/** Why a file is left as it is. */
class RewriteRefusal extends Error {}

function rewriteFile(config: Config, file: string, userLines: readonly string[] | undefined): void {
  // Through symbolic links, so that the file is replaced and not a link to it.
  const target = ifPresent(() => realpathSync(file)) ?? file;
  const old = ifPresent(() => readFileSync(target)) ?? Buffer.alloc(0);
  replaceFile(target, rewrittenText(config, old, userLines));
}

/** What a look at a file gives, or undefined when there is no such file. */
function ifPresent<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

function rewrittenText(
  config: Config,
  old: Buffer,
  userLines: readonly string[] | undefined,
): Buffer {
  const wanted = config.settings;
  const present = readBack(old, wanted);
  const text = new ConfigText(old, wanted.workingDirectory);
  if (config.isPasswordChanged) forgetPassword(text, config, userLines);
  for (const name of REWRITTEN_DIRECTIVES) {
    if (!present.agrees(name, wanted) || text.hasMistake(name)) {
      text.replace(name, linesOf(name, wanted));
    } else if (!directiveOf(name).kind.accumulates) {
      text.dropRepetitions(name);
    }
    if (directiveOf(name).environmental && !text.has(name)) {
      text.replace(name, linesOf(name, wanted));
    }
  }
  if (userLines !== undefined) text.replace('user', userLines);
  confirm(text, wanted);
  return text.toBytes();
}

/** All but requirepass, whose line nobody can write any more: its password is not known. */
const REWRITTEN_DIRECTIVES = DIRECTIVE_NAMES.filter((name) => name !== 'requirepass');

/**
 * Takes out a requirepass line with the old password. The new one is only known as a hash, which
 * the line of the default user holds: see docs/decisions/0002-passwords.md.
 */
function forgetPassword(
  text: ConfigText,
  config: Config,
  userLines: readonly string[] | undefined,
): void {
  if (userLines?.some((line) => /^user\s+default\s/.test(line)) !== true) {
    throw new RewriteRefusal(
      config.values.aclfile === ''
        ? 'requirepass was changed and no line of the default user keeps its hash'
        : 'requirepass was changed but an ACL file keeps the users: set it back, use ACL SETUSER',
    );
  }
  text.replace('requirepass', []);
}

/**
 * Makes sure that the text says what it should, by repeating at the end what an include behind its
 * line undoes.
 */
function confirm(text: ConfigText, wanted: Settings): void {
  const undone = differences(text, wanted);
  if (undone.length === 0) return;
  for (const name of undone) {
    const { clearedBy } = directiveOf(name).kind;
    const clearing = clearedBy === undefined ? [] : [`${name} ${clearedBy}`];
    text.replace(name, []);
    text.replace(name, [...clearing, ...linesOf(name, wanted)]);
  }
  const [wrong] = differences(text, wanted);
  if (wrong !== undefined) throw new RewriteRefusal(`'${wrong}' would not keep its value`);
}

function differences(text: ConfigText, wanted: Settings): DirectiveName[] {
  const readable = readBack(text.toBytes(), wanted);
  return REWRITTEN_DIRECTIVES.filter((name) => !readable.agrees(name, wanted));
}

/** What a start with this file alone would set; lines that cannot be obeyed count as absent. */
function readBack(text: Buffer, wanted: Settings): Settings {
  const settings = new Settings(wanted.workingDirectory);
  new ConfigLoader(settings, '', () => undefined).load(Buffer.from(text));
  return settings;
}

function linesOf(name: DirectiveName, settings: Settings): string[] {
  const kind: Kind<unknown> = directiveOf(name).kind;
  return kind.lines(settings.get(name)).map((args) => `${name} ${args}`);
}

const NEW_FILE_MODE = 0o600;

/**
 * Replaces a file so that a crash leaves the old or the new one, with the permissions and owner of
 * the old.
 */
function replaceFile(path: string, bytes: Buffer): void {
  const directory = dirname(path);
  const temporary = join(directory, `${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  const file = openSync(temporary, 'wx', NEW_FILE_MODE);
  try {
    try {
      writeFileSync(file, bytes);
      copyOwnership(path, file);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  }
  const parent = openSync(directory, 'r');
  try {
    fsyncSync(parent);
  } finally {
    closeSync(parent);
  }
}

function copyOwnership(from: string, to: number): void {
  const old = ifPresent(() => statSync(from));
  if (old === undefined) return;
  fchmodSync(to, old.mode & 0o7777);
  const own = fstatSync(to);
  if (own.uid !== old.uid || own.gid !== old.gid) fchownSync(to, old.uid, old.gid);
}
