import { describe, expect, it } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import type { ChangeListener } from './keyspace.ts';

/** Notes what it hears under its name. */
function listenerNamed(name: string, heard: string[]): ChangeListener {
  return {
    keyChanged: (_database, args, key, event) => {
      heard.push(`${name}: ${event.name} ${args.text(key)}`);
    },
    databaseFlushed: (database) => heard.push(`${name}: flushed ${database.id}`),
    databasesSwapped: (first, second) => heard.push(`${name}: swapped ${first.id} ${second.id}`),
  };
}

describe('listeners of a keyspace', () => {
  it('all hear of every change, in the order in which they came', () => {
    const engine = new TestEngine();
    const heard: string[] = [];
    engine.keyspace.listen(listenerNamed('a', heard));
    engine.keyspace.listen(listenerNamed('b', heard));
    engine.run('SET', 'k', 'v');
    engine.run('SWAPDB', '0', '1');
    engine.run('FLUSHDB');
    expect(heard).toEqual([
      'a: new k',
      'b: new k',
      'a: set k',
      'b: set k',
      'a: swapped 0 1',
      'b: swapped 0 1',
      'a: flushed 0',
      'b: flushed 0',
    ]);
  });

  it('are told directly while there is one, and nobody is when the last has gone', () => {
    const { keyspace } = new TestEngine();
    const first = listenerNamed('a', []);
    const second = listenerNamed('b', []);
    keyspace.listen(first);
    keyspace.listen(first);
    expect(keyspace.listener).toBe(first);
    keyspace.listen(second);
    keyspace.unlisten(first);
    expect(keyspace.listener).toBe(second);
    keyspace.unlisten(second);
    expect(keyspace.listener).toBeNull();
  });

  it('may leave while they are told', () => {
    const engine = new TestEngine();
    const heard: string[] = [];
    const shy: ChangeListener = {
      ...listenerNamed('shy', heard),
      keyChanged: () => {
        heard.push('shy leaves');
        engine.keyspace.unlisten(shy);
      },
    };
    engine.keyspace.listen(shy);
    engine.keyspace.listen(listenerNamed('b', heard));
    engine.run('SET', 'k', 'v');
    expect(heard).toEqual(['shy leaves', 'b: new k', 'b: set k']);
  });
});
