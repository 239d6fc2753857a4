import { createClient } from 'redis';
import type { Category } from '../src/commands/categories.ts';
import type { Argument } from '../src/commands/syntax.ts';
import { startRedis } from '../test/support/server.ts';

/** What a redis-server says about one command in COMMAND INFO and COMMAND DOCS. */
export interface CommandFacts {
  /** In capitals; of a subcommand its own word only. */
  readonly name: string;
  readonly group: string;
  readonly since: string;
  readonly complexity: string | undefined;
  readonly arity: number;
  readonly flags: readonly string[];
  readonly categories: readonly Category[];
  readonly tips: readonly string[];
  readonly keys: readonly KeySpec[];
  readonly arguments: readonly Argument[];
  readonly history: readonly (readonly [version: string, change: string])[];
  readonly deprecated: { readonly since: string; readonly replacedBy: string } | undefined;
  /** Without `deprecated`, which the field of that name says. */
  readonly docFlags: readonly string[];
  readonly subcommands: readonly CommandFacts[];
}

/** A key spec in the shape of a command block. */
interface KeySpec {
  readonly notes?: string;
  readonly flags: readonly string[];
  readonly begin: object;
  readonly find: object;
}

/** Starts the redis-server of the PATH and asks it for all its commands, by name. */
export async function readRedisFacts(): Promise<CommandFacts[]> {
  const server = await startRedis();
  try {
    const socket = { host: '127.0.0.1', port: server.port };
    const client = createClient({ socket, RESP: 3 });
    await client.connect();
    const info: InfoReply[] = await client.sendCommand(['COMMAND', 'INFO']);
    const docs: Record<string, DocsReply> = await client.sendCommand(['COMMAND', 'DOCS']);
    client.destroy();
    return toAllFacts(info, docs);
  } finally {
    await server.stop();
  }
}

type InfoReply = [
  name: string,
  arity: number,
  flags: string[],
  first: number,
  last: number,
  step: number,
  categories: string[],
  tips: string[],
  keys: KeySpecReply[],
  subcommands: InfoReply[],
];

interface KeySpecReply {
  notes?: string;
  flags: string[];
  begin_search: { type: string; spec: Record<string, number | string> };
  find_keys: { type: string; spec: Record<string, number> };
}

interface DocsReply {
  since: string;
  group: string;
  complexity?: string;
  deprecated_since?: string;
  replaced_by?: string;
  doc_flags?: string[];
  history?: [string, string][];
  arguments?: ArgumentReply[];
  subcommands?: Record<string, DocsReply>;
}

interface ArgumentReply {
  name: string;
  type: string;
  display_text?: string;
  key_spec_index?: number;
  token?: string;
  since?: string;
  deprecated_since?: string;
  flags?: string[];
  arguments?: ArgumentReply[];
}

function toAllFacts(info: InfoReply[], docs: Record<string, DocsReply>): CommandFacts[] {
  const facts = info.map((command) => toFacts(command, docs[command[0]]));
  return facts.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function toFacts(info: InfoReply, docs: DocsReply | undefined): CommandFacts {
  const [name, arity, flags, , , , categories, tips, keys, subcommands] = info;
  if (!docs) throw new Error(`COMMAND DOCS says nothing about ${name}`);
  const { deprecated_since, replaced_by = '', doc_flags = [] } = docs;
  return {
    name: name.slice(name.indexOf('|') + 1).toUpperCase(),
    group: docs.group,
    since: docs.since,
    complexity: docs.complexity,
    arity,
    flags,
    categories: categories.map((category) => category.slice(1) as Category),
    tips,
    keys: keys.map(toKeySpec),
    arguments: (docs.arguments ?? []).map(toArgument),
    history: docs.history ?? [],
    deprecated: deprecated_since ? { since: deprecated_since, replacedBy: replaced_by } : undefined,
    docFlags: doc_flags.filter((flag) => flag !== 'deprecated'),
    subcommands: toAllFacts(subcommands, docs.subcommands ?? {}),
  };
}

function toKeySpec(reply: KeySpecReply): KeySpec {
  const { notes, flags } = reply;
  return {
    ...(notes !== undefined && { notes }),
    flags,
    begin: toBegin(reply.begin_search),
    find: toFind(reply.find_keys),
  };
}

function toBegin({ type, spec }: KeySpecReply['begin_search']): object {
  switch (type) {
    case 'index':
      return { index: spec.index };
    case 'keyword':
      return { keyword: spec.keyword, startFrom: spec.startfrom };
    case 'unknown':
      return { unknown: true };
    default:
      throw new Error(`a key spec begins in a way not known here: ${type}`);
  }
}

function toFind({ type, spec }: KeySpecReply['find_keys']): object {
  switch (type) {
    case 'range':
      return { last: spec.lastkey, step: spec.keystep, limit: spec.limit };
    case 'keynum':
      return { keynumIndex: spec.keynumidx, firstKey: spec.firstkey, step: spec.keystep };
    case 'unknown':
      return { unknown: true };
    default:
      throw new Error(`a key spec finds keys in a way not known here: ${type}`);
  }
}

/** The tree parseSyntax makes; servers before 7.2 send no display text, which is then the name. */
function toArgument(reply: ArgumentReply): Argument {
  const { name, type, token, since, deprecated_since, key_spec_index, flags = [] } = reply;
  const isGroup = type === 'oneof' || type === 'block';
  const argument = {
    name,
    type,
    flags,
    ...(token !== undefined && { token }),
    ...(since !== undefined && { since }),
    ...(deprecated_since !== undefined && { deprecatedSince: deprecated_since }),
    ...(key_spec_index !== undefined && { keySpecIndex: key_spec_index }),
    ...(isGroup
      ? { arguments: (reply.arguments ?? []).map(toArgument) }
      : { displayText: reply.display_text ?? name }),
  };
  return argument as Argument;
}
