/**
 * Lists, hashes, sets and sorted sets of a snapshot as the commands that make them, of at most 64
 * elements each.
 */
import { formatDouble17 } from '../protocol/numbers.ts';
import { INT64_TEXT_MAX, Int64 } from '../structures/int64.ts';
import * as intset from '../structures/intset.ts';
import * as listpack from '../structures/listpack.ts';
import { ListpackCursor } from '../structures/listpack-cursor.ts';
import type { CommandValue } from './command-value.ts';
import {
  NODE_PLAIN,
  RDB_HASH,
  RDB_HASH_LISTPACK,
  RDB_LIST_QUICKLIST_2,
  RDB_SET,
  RDB_SET_INTSET,
  RDB_SET_LISTPACK,
  RDB_ZSET_2,
  RDB_ZSET_LISTPACK,
} from './rdb-format.ts';
import type { Steps } from './steps.ts';

/** Elements, or members with what belongs to each, that one command has. */
const PER_COMMAND = 64;

/** See the file's comment. */
export class CollectionCommands {
  readonly #value: CommandValue;
  readonly #cursor = new ListpackCursor();
  readonly #score = new ListpackCursor();
  readonly #integer = new Int64();
  readonly #digits = Buffer.alloc(INT64_TEXT_MAX);

  constructor(value: CommandValue) {
    this.#value = value;
  }

  /** Writes the value of this type that follows. */
  *write(type: number): Steps {
    const { input } = this.#value;
    switch (type) {
      case RDB_LIST_QUICKLIST_2:
        yield* this.#list();
        return;
      case RDB_HASH:
        yield* this.#table('HMSET', 2);
        return;
      case RDB_SET:
        yield* this.#table('SADD', 1);
        return;
      case RDB_ZSET_2:
        yield* this.#sortedSet();
        return;
    }
    while (!input.tryText()) yield;
    switch (type) {
      case RDB_HASH_LISTPACK:
        this.#packed('HMSET', 2);
        return;
      case RDB_SET_LISTPACK:
        this.#packed('SADD', 1);
        return;
      case RDB_SET_INTSET:
        this.#intset();
        return;
      case RDB_ZSET_LISTPACK:
        this.#packedSortedSet();
        return;
    }
    throw new Error(`a value of type ${type} cannot be written as commands`);
  }

  *#list(): Steps {
    const value = this.#value;
    const { input } = value;
    while (!input.tryLength()) yield;
    for (let nodes = input.value; nodes > 0; nodes--) {
      while (!input.tryLength()) yield;
      if (input.value === NODE_PLAIN) {
        value.command(3, 'RPUSH');
        yield* value.pass();
        continue;
      }
      while (!input.tryText()) yield;
      this.#packed('RPUSH', 1);
    }
  }

  /** Members, or fields and values, that follow one by one. */
  *#table(name: string, words: number): Steps {
    const value = this.#value;
    while (!value.input.tryLength()) yield;
    for (let left = value.input.value; left > 0; ) {
      const now = Math.min(left, PER_COMMAND);
      left -= now;
      value.command(2 + now * words, name);
      for (let word = now * words; word > 0; word--) {
        if (!value.tryPass()) yield* value.pass();
      }
    }
  }

  *#sortedSet(): Steps {
    const value = this.#value;
    const { input, out } = value;
    while (!input.tryLength()) yield;
    for (let left = input.value; left > 0; ) {
      const now = Math.min(left, PER_COMMAND);
      left -= now;
      value.command(2 + now * 2, 'ZADD');
      for (let member = now; member > 0; member--) {
        while (!input.tryText(8)) yield;
        const { textBytes, textStart, textLength } = input;
        out.text(formatDouble17(input.double()));
        out.word(textBytes, textStart, textLength);
      }
    }
  }

  /** The listpack that was read, element by element. */
  #packed(name: string, words: number): void {
    const value = this.#value;
    const { input, out } = value;
    const { view } = input;
    const { textBytes: bytes, textStart: start } = input;
    const cursor = this.#cursor;
    let left = listpack.count(bytes, view, start);
    let now = 0;
    for (let more = cursor.first(bytes, view, start); more; more = cursor.next(bytes, view)) {
      if (now === 0) {
        now = Math.min(left, PER_COMMAND * words);
        left -= now;
        value.command(2 + now, name);
      }
      cursor.spell();
      out.word(cursor.textBytes(bytes), cursor.textStart, cursor.textLength);
      now--;
    }
  }

  #packedSortedSet(): void {
    const value = this.#value;
    const { input, out } = value;
    const { view } = input;
    const { textBytes: bytes, textStart: start } = input;
    const member = this.#cursor;
    const score = this.#score;
    let left = listpack.count(bytes, view, start) >> 1;
    let now = 0;
    for (let at = listpack.first(bytes, start); at !== 0; ) {
      if (now === 0) {
        now = Math.min(left, PER_COMMAND);
        left -= now;
        value.command(2 + now * 2, 'ZADD');
      }
      member.seek(bytes, view, start, at);
      score.seek(bytes, view, start, listpack.next(bytes, view, start, at));
      at = listpack.next(bytes, view, start, score.offset);
      score.spell();
      out.word(score.textBytes(bytes), score.textStart, score.textLength);
      member.spell();
      out.word(member.textBytes(bytes), member.textStart, member.textLength);
      now--;
    }
  }

  #intset(): void {
    const value = this.#value;
    const { view, textStart: start } = value.input;
    const count = intset.count(view, start);
    for (let i = 0; i < count; i++) {
      if (i % PER_COMMAND === 0) value.command(2 + Math.min(count - i, PER_COMMAND), 'SADD');
      intset.read(view, start, i, this.#integer);
      value.out.word(this.#digits, 0, this.#integer.write(this.#digits, 0));
    }
  }
}
