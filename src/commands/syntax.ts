/**
 * The language in which a command block states its argument grammar, and the tree that COMMAND
 * DOCS prints from it. It reads like the syntax line of the documentation, with the names that such
 * a line leaves out put in front:
 *
 *     key value [condition<NX | XX>@2.6.12] [GET@6.2.0] [expiry<EX seconds:integer | KEEPTTL>]
 *
 *     key                     an argument; a string, unless its name is a type (key, pattern ...)
 *     seconds:integer         its type, where the name does not say it
 *     destination:key#1       the key spec it belongs to, 0 for a key that does not say
 *     address"ip:port"        the text to show in place of the name
 *     EX seconds:integer      an argument introduced by a token
 *     NX                      a token alone, named after itself
 *     change=CH  any=*  no="" the same with a name of its own, which is also how a token that is
 *                             not in capitals is written; it never introduces what follows
 *     where<BEFORE | AFTER>   one of several
 *     pair(field value)       several together, in this order
 *     LIMIT limit(offset n)   a token before a group, or LIMIT(offset n) when the name is the same
 *     [item]                  optional
 *     key...                  may be repeated; `GET... pattern` is repeated with its token
 *     GET@6.2.0  id!7.0.0     the version that brought it, the version that deprecated it
 *
 * A group carries its marks after the closing bracket. Names are not left out, because clients
 * generate code from them: inventing them would make them change whenever a grammar does.
 */

const leafTypes = ['key', 'string', 'integer', 'double', 'pattern', 'unix-time'] as const;

/** The type of an argument that has no arguments of its own. */
type LeafType = (typeof leafTypes)[number] | 'pure-token';

/** What COMMAND DOCS lists under `flags` of an argument. */
type ArgumentFlag = 'optional' | 'multiple' | 'multiple_token';

interface ArgumentBase {
  readonly name: string;
  /** The word that introduces the argument; the empty string is a token too. */
  readonly token?: string;
  readonly since?: string;
  readonly deprecatedSince?: string;
  readonly flags: readonly ArgumentFlag[];
}

/** One value, or one bare token. */
interface LeafArgument extends ArgumentBase {
  readonly type: LeafType;
  /** What a syntax line shows for the value; the name unless the grammar says otherwise. */
  readonly displayText: string;
  readonly keySpecIndex?: number;
}

/** Alternatives (`oneof`) or a sequence (`block`). */
export interface GroupArgument extends ArgumentBase {
  readonly type: 'oneof' | 'block';
  readonly arguments: readonly Argument[];
}

/** One argument of a command, in the shape COMMAND DOCS gives it. */
export type Argument = LeafArgument | GroupArgument;

/** Reads a grammar in the language above; a malformed one throws a SyntaxError with the place. */
export function parseSyntax(text: string): Argument[] {
  return new Parser(text).parse();
}

/** The line a person reads, without the command's name: `key value [NX | XX] [EX seconds]`. */
export function formatSyntax(items: readonly Argument[]): string {
  return items.map(formatItem).join(' ');
}

function formatItem(item: Argument): string {
  const optional = item.flags.includes('optional');
  const multiple = item.flags.includes('multiple');
  const body = formatBody(item, optional && !multiple);
  const once = item.type === 'pure-token' ? body : withToken(item, body);
  if (!multiple) return optional ? `[${once}]` : once;
  const again = item.flags.includes('multiple_token') ? once : body;
  return optional ? `[${once} [${again} ...]]` : `${once} [${again} ...]`;
}

/** The item without its token; alternatives need no brackets if those of an option are theirs. */
function formatBody(item: Argument, hasBrackets: boolean): string {
  switch (item.type) {
    case 'oneof': {
      const alternatives = item.arguments.map(formatItem).join(' | ');
      return hasBrackets && item.token === undefined ? alternatives : `<${alternatives}>`;
    }
    case 'block':
      return formatSyntax(item.arguments);
    case 'pure-token':
      return item.token || '""';
    default:
      return item.displayText;
  }
}

function withToken(item: Argument, body: string): string {
  return item.token === undefined ? body : `${item.token || '""'} ${body}`;
}

const patterns = {
  space: /\s*/y,
  end: /(?=[\s\])>|]|$)/y,
  capitals: /[A-Z][A-Z0-9_-]*(?![\w/-])/y,
  name: /[a-z0-9][a-z0-9_/-]*(?![\w/-])/y,
  quoted: /"[^"]*"/y,
  symbols: /[^\s[\]<>()|@!."]+/y,
  version: /\d+(?:\.\d+)*/y,
  number: /\d+/y,
  type: /[a-z-]+/y,
};

type Unmarked =
  | Omit<LeafArgument, 'flags' | 'since' | 'deprecatedSince'>
  | Omit<GroupArgument, 'flags' | 'since' | 'deprecatedSince'>;

/** Recursive descent; `#at` is the index of the next unread character. */
class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Argument[] {
    const items = this.#items();
    if (this.#at < this.#text.length) throw this.#error('nothing is open here');
    return items;
  }

  /** Reads items up to the end of the text or a character that ends a group, which stays unread. */
  #items(): Argument[] {
    const items: Argument[] = [];
    for (;;) {
      this.#read(patterns.space);
      if (this.#at === this.#text.length || '])>|'.includes(this.#text[this.#at]!)) return items;
      items.push(this.#item());
      if (this.#read(patterns.end) === undefined) throw this.#error('expected a space');
    }
  }

  #item(): Argument {
    if (this.#skip('[')) {
      const item = this.#onlyItem();
      this.#expect(']');
      return { ...item, flags: ['optional', ...item.flags] };
    }
    const token = this.#read(patterns.capitals);
    if (token === undefined) return this.#withMarks(this.#named(undefined), false);
    const group = this.#group(token.toLowerCase(), token);
    if (group) return this.#withMarks(group, false);

    const afterToken = this.#at;
    const repeatsToken = this.#skip('...');
    if (this.#read(patterns.space) && this.#isAtBindingName()) {
      return this.#withMarks(this.#named(token), repeatsToken);
    }
    this.#at = afterToken;
    return this.#withMarks(pureToken(token.toLowerCase(), token), false);
  }

  #onlyItem(): Argument {
    const [item, ...others] = this.#items();
    if (!item || others.length > 0) throw this.#error('expected one item here');
    return item;
  }

  /** Whether the token just read introduces what follows: a name does not if it names a token. */
  #isAtBindingName(): boolean {
    const start = this.#at;
    const binds = this.#name() !== undefined && this.#text[this.#at] !== '=';
    this.#at = start;
    return binds;
  }

  #named(token: string | undefined): Unmarked {
    const name = this.#name();
    if (!name) throw this.#error('expected a token in capitals or a name in small letters');
    const group = this.#group(name, token);
    if (group) return group;
    if (!this.#skip('=')) return this.#value(name, token);
    const alone = this.#quoted() ?? this.#read(patterns.symbols);
    if (alone === undefined) throw this.#error('expected a token');
    return pureToken(name, alone);
  }

  #group(name: string, token: string | undefined): Unmarked | undefined {
    const head = { name, ...(token !== undefined && { token }) };
    if (this.#skip('(')) {
      const items = this.#items();
      this.#expect(')');
      if (items.length === 0) throw this.#error('a block is empty');
      return { ...head, type: 'block', arguments: items };
    }
    if (!this.#skip('<')) return undefined;
    const alternatives = [this.#onlyItem()];
    while (this.#skip('|')) alternatives.push(this.#onlyItem());
    this.#expect('>');
    return { ...head, type: 'oneof', arguments: alternatives };
  }

  #value(name: string, token: string | undefined): Unmarked {
    const displayText = this.#quoted() ?? name;
    const type = this.#skip(':') ? this.#leafType() : (asLeafType(name) ?? 'string');
    const explicit = this.#skip('#') ? Number(this.#need(patterns.number)) : undefined;
    const keySpecIndex = explicit ?? (type === 'key' ? 0 : undefined);
    return {
      name,
      type,
      displayText,
      ...(token !== undefined && { token }),
      ...(keySpecIndex !== undefined && { keySpecIndex }),
    };
  }

  #leafType(): LeafType {
    const start = this.#at;
    const type = asLeafType(this.#need(patterns.type));
    if (type) return type;
    this.#at = start;
    throw this.#error(`expected a type: ${leafTypes.join(', ')}`);
  }

  #withMarks(argument: Unmarked, repeatsToken: boolean): Argument {
    const flags: ArgumentFlag[] = [];
    if (repeatsToken) flags.push('multiple', 'multiple_token');
    else if (this.#skip('...')) flags.push('multiple');
    const since = this.#skip('@') ? { since: this.#need(patterns.version) } : {};
    const deprecatedSince = this.#skip('!')
      ? { deprecatedSince: this.#need(patterns.version) }
      : {};
    return { ...argument, ...since, ...deprecatedSince, flags };
  }

  #name(): string | undefined {
    return this.#read(patterns.name) ?? this.#quoted();
  }

  #quoted(): string | undefined {
    return this.#read(patterns.quoted)?.slice(1, -1);
  }

  /** What the pattern matches at this place, consumed. */
  #read(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #need(pattern: RegExp): string {
    const found = this.#read(pattern);
    if (found === undefined) throw this.#error('expected a version, a number or a type');
    return found;
  }

  #skip(literal: string): boolean {
    const found = this.#text.startsWith(literal, this.#at);
    if (found) this.#at += literal.length;
    return found;
  }

  #expect(close: string): void {
    if (!this.#skip(close)) throw this.#error(`expected ${close}`);
  }

  #error(problem: string): SyntaxError {
    const read = this.#text.slice(0, this.#at);
    return new SyntaxError(
      `Argument syntax: ${problem}: ${read} >>> ${this.#text.slice(this.#at)}`,
    );
  }
}

function pureToken(name: string, token: string): Unmarked {
  return { name, type: 'pure-token', displayText: name, token };
}

function asLeafType(word: string): (typeof leafTypes)[number] | undefined {
  return leafTypes.find((type) => type === word);
}
