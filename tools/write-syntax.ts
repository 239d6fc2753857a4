import type { Argument, GroupArgument } from '../src/commands/syntax.ts';

const capitals = /^[A-Z][A-Z0-9_-]*$/;
const plainName = /^[a-z0-9][a-z0-9_/-]*$/;
const plainSymbols = /^[^\s[\]<>()|@!."]+$/;
/** A space to end a line at: not after a token that introduces what follows, not before `|`. */
const foldable = /(?<!\b[A-Z][A-Z0-9_-]*(?:\.\.\.)?) (?!\|)/;
const typeNames = ['key', 'string', 'integer', 'double', 'pattern', 'unix-time'];

/** The text that parseSyntax reads as these arguments; throws where the language has no words. */
export function writeSyntax(items: readonly Argument[]): string {
  return writeItems(items).join(' ');
}

/**
 * The same in lines of at most `lineMax` characters where that can be. Lines end between the
 * outermost arguments; one that is too long for a line is continued on indented lines.
 */
export function foldSyntax(items: readonly Argument[], lineMax: number): string[] {
  const lines: string[] = [];
  const fill = (words: readonly string[], margin: string) => {
    for (const word of words) {
      const line = lines.length > 0 ? `${lines.at(-1)} ${word}` : word;
      if (lines.length === 0 || line.length > lineMax) lines.push(margin + word);
      else lines[lines.length - 1] = line;
    }
  };
  for (const item of writeItems(items)) {
    if (item.length <= lineMax) {
      fill([item], '');
      continue;
    }
    const [first, ...rest] = item.split(foldable);
    lines.push(first!);
    fill(rest, '  ');
  }
  return lines;
}

function writeItems(items: readonly Argument[]): string[] {
  return items.map((item, index) => writeItem(item, items[index + 1]));
}

function writeItem(item: Argument, next: Argument | undefined): string {
  const isOptional = item.flags.includes('optional');
  const text = writeBody(item, isOptional ? undefined : next) + writeMarks(item);
  return isOptional ? `[${text}]` : text;
}

function writeBody(item: Argument, next: Argument | undefined): string {
  if (item.type === 'pure-token') return writePureToken(item, next);
  if ('arguments' in item) return writeGroup(item);

  const { name, type, displayText, keySpecIndex } = item;
  if (type === 'key' && keySpecIndex === undefined) throw unsayable(item, 'a key without a spec');
  const display = displayText === name ? '' : quote(displayText);
  const impliedType = typeNames.includes(name) ? name : 'string';
  const typeMark = type === impliedType ? '' : `:${type}`;
  const impliedSpec = type === 'key' ? 0 : undefined;
  const specMark = keySpecIndex === impliedSpec ? '' : `#${keySpecIndex}`;
  return writeToken(item) + writeName(name) + display + typeMark + specMark;
}

/** A bare token needs its name if it is not named after itself, or would bind to what follows. */
function writePureToken(item: Argument, next: Argument | undefined): string {
  const { name, token, since, deprecatedSince } = item;
  if (token === undefined) throw unsayable(item, 'a pure token without a token');
  if ('displayText' in item && item.displayText !== name) throw unsayable(item, 'display text');
  const isLast = since !== undefined || deprecatedSince !== undefined;
  const binds = !isLast && next && !next.flags.includes('optional') && next.token === undefined;
  if (capitals.test(token) && token.toLowerCase() === name && !binds) return token;
  return `${writeName(name)}=${plainSymbols.test(token) ? token : quote(token)}`;
}

function writeGroup(item: GroupArgument): string {
  const token = writeToken(item);
  const isNamedAfterToken = item.token?.toLowerCase() === item.name && !token.includes('...');
  const head = isNamedAfterToken ? item.token : token + writeName(item.name);
  if (item.type === 'block') return `${head}(${writeSyntax(item.arguments)})`;
  return `${head}<${item.arguments.map((one) => writeSyntax([one])).join(' | ')}>`;
}

/** The introducing token and a space, or nothing. */
function writeToken(item: Argument): string {
  const repeats = item.flags.includes('multiple_token');
  if (item.token === undefined) {
    if (repeats) throw unsayable(item, 'a repeated token without a token');
    return '';
  }
  if (!capitals.test(item.token)) throw unsayable(item, 'a binding token that is not in capitals');
  return `${item.token}${repeats ? '...' : ''} `;
}

function writeMarks(item: Argument): string {
  const repeats = item.flags.includes('multiple') && !item.flags.includes('multiple_token');
  const since = item.since === undefined ? '' : `@${item.since}`;
  const deprecated = item.deprecatedSince === undefined ? '' : `!${item.deprecatedSince}`;
  return (repeats ? '...' : '') + since + deprecated;
}

function writeName(name: string): string {
  return plainName.test(name) ? name : quote(name);
}

function quote(text: string): string {
  if (text.includes('"')) throw new Error(`a text with a quote cannot be written: ${text}`);
  return `"${text}"`;
}

function unsayable(item: Argument, what: string): Error {
  return new Error(`the argument syntax has no words for ${what}: ${JSON.stringify(item)}`);
}
