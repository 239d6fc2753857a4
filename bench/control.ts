/**
 * Questions and orders to a server outside of the measured windows, over one connection of their
 * own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

export class Control {
  readonly #redis: Redis;

  private constructor(redis: Redis) {
    this.#redis = redis;
  }

  static async connect(port: number): Promise<Control> {
    const redis = new Redis({
      port,
      host: '127.0.0.1',
      lazyConnect: true,
      enableReadyCheck: false,
      disableClientInfo: true,
      protocol: 2,
      retryStrategy: null,
    });
    // Losing the server shows up as a rejected command; without a listener the event would be
    // printed.
    redis.on('error', () => undefined);
    await redis.connect();
    return new Control(redis);
  }

  /** Sends one command and answers its decoded reply. */
  call(command: string, ...args: string[]): Promise<unknown> {
    return this.#redis.call(command, ...args);
  }

  /** The fields of INFO, of one section or of the default ones. */
  async info(...sections: string[]): Promise<Map<string, string>> {
    return parseInfo(String(await this.call('INFO', ...sections)));
  }

  /** used_memory of INFO in bytes, undefined when the server does not tell. */
  async usedMemory(): Promise<number | undefined> {
    const text = (await this.info('memory')).get('used_memory');
    return text === undefined ? undefined : Number(text);
  }

  /** Removes all keys, and waits until their memory is free: a server may do that by and by. */
  async empty(): Promise<void> {
    await this.call('FLUSHALL');
    while ((await this.info('memory')).get('lazyfree_pending_objects') !== '0') await sleep(5);
  }

  /** Which of the given commands the server knows, by COMMAND INFO. */
  async knownCommands(names: readonly string[]): Promise<Set<string>> {
    const answers = (await this.call('COMMAND', 'INFO', ...names)) as unknown[];
    return new Set(names.filter((_, i) => answers[i] !== null));
  }

  close(): void {
    this.#redis.disconnect();
  }
}

/** `name:value` lines; section headers and empty lines are left out. */
function parseInfo(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}
