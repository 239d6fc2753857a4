import type { Reply } from '../support/resp-reply.ts';

/**
 * What COMMAND INFO and COMMAND DOCS say of one command, without the texts that every server words
 * for itself (summary, complexity, what a version changed, notes, the replacement). Lists without
 * an order of their own are sorted words.
 */
export type CommandMetadata = {
  readonly arity: number;
  readonly flags: string;
  /** First key, last key, step. */
  readonly keys: string;
  readonly categories: string;
  readonly tips: string;
  /** See writeKeySpec; separated by semicolons. */
  readonly keySpecs: string;
  readonly group: string;
  readonly since: string;
  /** The versions that changed it. */
  readonly history: string;
  readonly docFlags: string;
  readonly deprecatedSince: string;
  /** Which of the texts there are. */
  readonly texts: string;
  /** See writeArguments. */
  readonly arguments: string;
};

/** The metadata of all commands and subcommands ("config|get"), from both replies. */
export function readMetadata(info: Reply, docs: Reply): Map<string, CommandMetadata> {
  const documents = new Map<string, Fields>();
  collectDocuments(docs, documents);
  const all = new Map<string, CommandMetadata>();
  for (const row of itemsOf(info)) collectRow(row, documents, all);
  return all;
}

function collectRow(
  row: Reply,
  documents: ReadonlyMap<string, Fields>,
  all: Map<string, CommandMetadata>,
): void {
  const [name, arity, flags, first, last, step, categories, tips, keySpecs, subcommands] =
    itemsOf(row);
  const fullName = textOf(name);
  const fields = documents.get(fullName) ?? new Map();
  const text = (field: string) => textOf(fields.get(field));
  all.set(fullName, {
    arity: Number(textOf(arity)),
    flags: sortedWords(flags),
    keys: [first, last, step].map(textOf).join(' '),
    categories: sortedWords(categories),
    tips: sortedWords(tips),
    keySpecs: itemsOf(keySpecs).map(writeKeySpec).join('; '),
    group: text('group'),
    since: text('since'),
    history: itemsOf(fields.get('history'))
      .map((change) => textOf(itemsOf(change)[0]))
      .join(' '),
    docFlags: sortedWords(fields.get('doc_flags')),
    deprecatedSince: text('deprecated_since'),
    texts: ['summary', 'complexity', 'replaced_by'].filter((field) => text(field) !== '').join(' '),
    arguments: writeArguments(fields.get('arguments')),
  });
  for (const subcommand of itemsOf(subcommands)) collectRow(subcommand, documents, all);
}

function collectDocuments(docs: Reply, documents: Map<string, Fields>): void {
  for (const [name, document] of fieldsOf(docs)) {
    const fields = fieldsOf(document);
    documents.set(name, fields);
    const subcommands = fields.get('subcommands');
    if (subcommands !== undefined) collectDocuments(subcommands, documents);
  }
}

/** A key spec in one line: its flags, then "index 1", "range 0 1 0" and the like. */
function writeKeySpec(spec: Reply): string {
  const fields = fieldsOf(spec);
  const step = (field: string) => {
    const { type, spec } = Object.fromEntries(fieldsOf(fields.get(field)));
    return `${textOf(type)} ${[...fieldsOf(spec).values()].map(textOf).join(' ')}`.trim();
  };
  const flags = sortedWords(fields.get('flags'));
  return `${flags}: ${step('begin_search')}, ${step('find_keys')}`;
}

/**
 * An argument tree in one line. Each argument is its name and type ("key:key"), then what applies:
 * ~ display text where it is not the name, # key spec index, = token, @ since, ! deprecated since,
 * ? optional, * multiple, + multiple with the token repeated, and its parts in parentheses.
 */
function writeArguments(args: Reply | undefined): string {
  return itemsOf(args)
    .map((arg) => {
      const fields = fieldsOf(arg);
      const text = (field: string) => textOf(fields.get(field));
      const part = (mark: string, field: string) => (fields.has(field) ? mark + text(field) : '');
      const flags = sortedWords(fields.get('flags'));
      const display = text('display_text') === text('name') ? '' : part('~', 'display_text');
      return [
        `${text('name')}:${text('type')}`,
        display,
        part('#', 'key_spec_index'),
        part('=', 'token'),
        part('@', 'since'),
        part('!', 'deprecated_since'),
        flags.includes('optional') ? '?' : '',
        /\bmultiple\b(?!_)/.test(flags) ? '*' : '',
        flags.includes('multiple_token') ? '+' : '',
        fields.has('arguments') ? `(${writeArguments(fields.get('arguments'))})` : '',
      ].join('');
    })
    .join(' ');
}

type Fields = ReadonlyMap<string, Reply>;

/** The fields of a map, or of the flat array that stands for one in RESP2. */
function fieldsOf(reply: Reply | undefined): Map<string, Reply> {
  if (reply?.type === 'map') {
    return new Map(reply.entries.map(([key, value]) => [textOf(key), value]));
  }
  const fields = new Map<string, Reply>();
  const items = itemsOf(reply);
  for (let i = 0; i + 1 < items.length; i += 2) fields.set(textOf(items[i]), items[i + 1]!);
  return fields;
}

function itemsOf(reply: Reply | undefined): readonly Reply[] {
  return reply?.type === 'array' || reply?.type === 'set' ? reply.items : [];
}

function textOf(reply: Reply | undefined): string {
  if (reply?.type === 'bulk') return reply.bytes.toString('latin1');
  if (reply?.type === 'simple') return reply.text;
  return reply?.type === 'integer' ? String(reply.value) : '';
}

function sortedWords(reply: Reply | undefined): string {
  return itemsOf(reply).map(textOf).sort().join(' ');
}
