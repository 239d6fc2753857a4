/**
 * Keyspace notifications: publishes what happens to keys, as notify-keyspace-events asks for it.
 *
 *   __keyspace@<database>__:<key>      <- <event>      with the letter K
 *   __keyevent@<database>__:<event>    <- <key>        with the letter E
 *
 * While nothing is asked for, the keyspace does not know that there is somebody to tell.
 */
import type { Database } from '../keyspace/database.ts';
import type { KeyEvent } from '../keyspace/events.ts';
import type { ChangeListener, Keyspace } from '../keyspace/keyspace.ts';
import type { Args } from '../protocol/args.ts';
import type { Registry } from './registry.ts';

/** What the letter A stands for. */
const ALL_CLASSES = 'g$lshzxetd';

/** Names of channels are put together in a buffer that is kept up to this size. */
const KEPT_BYTES_MAX = 64 * 1024;

/** See the file's comment. */
export class KeyspaceNotifications implements ChangeListener {
  readonly #keyspace: Keyspace;
  readonly #registry: Registry;
  #ofKeys = false;
  #ofEvents = false;
  #classes = '';
  /** Names of the events that are asked for; null for those that are not. */
  readonly #names = new Map<KeyEvent, Buffer | null>();
  readonly #keyPrefixes: Buffer[];
  readonly #eventPrefixes: Buffer[];
  #channel: Buffer = Buffer.alloc(0);
  #channelView: DataView = new DataView(new ArrayBuffer(0));

  constructor(keyspace: Keyspace, registry: Registry) {
    this.#keyspace = keyspace;
    this.#registry = registry;
    const ids = keyspace.databases.map(({ id }) => id);
    this.#keyPrefixes = ids.map((id) => Buffer.from(`__keyspace@${id}__:`));
    this.#eventPrefixes = ids.map((id) => Buffer.from(`__keyevent@${id}__:`));
  }

  /** Sets what is published: the letters of notify-keyspace-events. */
  select(letters: string): void {
    this.#ofKeys = letters.includes('K');
    this.#ofEvents = letters.includes('E');
    this.#classes = letters.replace('A', ALL_CLASSES).replaceAll(/[KE]/g, '');
    this.#names.clear();
    const isOn = (this.#ofKeys || this.#ofEvents) && this.#classes !== '';
    if (isOn) this.#keyspace.listen(this);
    else this.#keyspace.unlisten(this);
  }

  keyChanged(database: Database, args: Args, key: number, event: KeyEvent): void {
    if (!this.#registry.hasListeners) return;
    let name = this.#names.get(event);
    if (name === undefined) {
      name = this.#isSelected(event) ? Buffer.from(event.name) : null;
      this.#names.set(event, name);
    }
    if (name === null) return;
    const start = args.start(key);
    const keyBytes = args.bytes.subarray(start, start + args.length(key));
    if (this.#ofKeys) this.#publish(this.#keyPrefixes[database.id]!, keyBytes, name);
    if (this.#ofEvents) this.#publish(this.#eventPrefixes[database.id]!, name, keyBytes);
  }

  databaseFlushed(): void {
    // Redis tells nobody.
  }

  databasesSwapped(): void {
    // Nor of this.
  }

  #isSelected(event: KeyEvent): boolean {
    return event.class !== '' && this.#classes.includes(event.class);
  }

  #publish(prefix: Buffer, suffix: Buffer, message: Buffer): void {
    const length = prefix.length + suffix.length;
    if (length > this.#channel.length) {
      this.#channel = Buffer.allocUnsafeSlow(Math.max(length, 256));
      this.#channelView = new DataView(this.#channel.buffer);
    }
    this.#channel.set(prefix);
    this.#channel.set(suffix, prefix.length);
    this.#registry.send(this.#channel, this.#channelView, 0, length, message);
    if (this.#channel.length > KEPT_BYTES_MAX) this.#channel = Buffer.alloc(0);
  }
}
