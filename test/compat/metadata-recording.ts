import { readFileSync, writeFileSync } from 'node:fs';
import { RespClient } from '../support/resp-client.ts';
import { type CommandMetadata, readMetadata } from './command-metadata.ts';
import { changedIn72, newIn72 } from './command-metadata-72.ts';
import { encodeReply, isArray, textOf, toJson } from './encoded.ts';
import { recordingPath } from './recording.ts';
import type { Dialect, Protocol } from './script.ts';

export type Commands = ReadonlyMap<string, CommandMetadata>;
export type Config = ReadonlyMap<string, string>;

/** Parameters whose value says where and how a server was started, or on what machine it runs. */
const OF_THE_MACHINE =
  'port bind dir save maxclients oom-score-adj-values logfile pidfile proc-title-template';

/** What the server on a port says of its commands, over a connection of this protocol. */
export async function askCommands(port: number, protocol: Protocol): Promise<Commands> {
  const client = await RespClient.connect(port);
  try {
    if (protocol === 3) await client.call('HELLO', '3');
    return readMetadata(await client.call('COMMAND', 'INFO'), await client.call('COMMAND', 'DOCS'));
  } finally {
    await client.close();
  }
}

/** All configuration parameters of the server on a port. */
export async function askConfig(port: number): Promise<Config> {
  const client = await RespClient.connect(port);
  try {
    const reply = encodeReply(await client.call('CONFIG', 'GET', '*'));
    if (!isArray(reply)) throw new Error(`CONFIG GET * answered ${toJson(reply)}`);
    const texts = reply.map(textOf);
    const names = texts.filter((_, i) => i % 2 === 0);
    return new Map(names.map((name, i) => [name, texts[2 * i + 1]!]));
  } finally {
    await client.close();
  }
}

/** What the commands of a server of this dialect have to say of themselves. */
export function expectedCommands(dialect: Dialect): Commands {
  const recorded = readEntries<CommandMetadata>('metadata/commands');
  if (dialect === '7.0') return new Map(recorded);
  const changed = recorded.map(([name, metadata]) => {
    return [name, { ...metadata, ...changedIn72[name] }] as const;
  });
  return new Map([...changed, ...Object.entries(newIn72)]);
}

/** The defaults of the recorded server, without what depends on how and where it was started. */
export function recordedConfig(): Config {
  return new Map(readEntries<string>('metadata/config'));
}

/** Records what a server says of its commands and of its configuration. */
export function writeMetadata(commands: Commands, config: Config): void {
  const general = new Map(config);
  for (const name of OF_THE_MACHINE.split(' ')) general.delete(name);
  writeEntries('metadata/commands', commands);
  writeEntries('metadata/config', general);
}

function readEntries<T>(name: string): (readonly [string, T])[] {
  const content: { [name: string]: T } = JSON.parse(readFileSync(recordingPath(name), 'utf8'));
  return Object.entries(content);
}

/** One entry a line, in order of name. */
function writeEntries<T>(name: string, entries: ReadonlyMap<string, T>): void {
  const lines = [...entries]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  writeFileSync(recordingPath(name), `{\n${lines.join(',\n')}\n}\n`);
}
