import { beforeEach, describe, expect, it } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { Args } from '../protocol/args.ts';
import type { ClientState } from './services/clients.ts';
import type { Configuration } from './services/configuration.ts';

/** Notes what it is asked; answers with what it is told to. */
class NotingConfiguration implements Configuration {
  patterns: string[] = [];
  pairs: (readonly [Buffer, Buffer])[] = [];
  texts: string[] = [];
  client: ClientState | undefined;
  problem: string | undefined;

  get(patterns: readonly Uint8Array[]): (readonly [string, string])[] {
    this.patterns = patterns.map((pattern) => Buffer.from(pattern).toString('latin1'));
    return [
      ['hz', '10'],
      ['dir', '/tmp/ü'],
    ];
  }

  textOf(name: string): string {
    throw new Error(`nobody should ask for ${name}`);
  }

  isSecret(name: string): boolean {
    return name === 'requirepass';
  }

  set(pairs: readonly (readonly [Buffer, Buffer])[], client: ClientState): string | undefined {
    this.pairs = [...pairs];
    this.texts = pairs.map(([name, value]) => `${name.toString('latin1')} ${value.toString()}`);
    this.client = client;
    return this.problem;
  }

  rewrite(): string | undefined {
    return this.problem;
  }
}

let configuration: NotingConfiguration;
let engine: TestEngine;
beforeEach(() => {
  configuration = new NotingConfiguration();
  engine = new TestEngine({ services: { configuration } });
});

describe('CONFIG GET', () => {
  it('answers with names and values', () => {
    expect(engine.text('CONFIG', 'GET', 'h*', 'D\xffr')).toBe('["hz", "10", "dir", "/tmp/Ã¼"]');
    expect(configuration.patterns).toEqual(['h*', 'D\xffr']);
  });

  it('answers with a map in RESP3', () => {
    engine.client.resp3 = true;
    expect(engine.text('CONFIG', 'GET', 'x')).toBe('{"hz": "10", "dir": "/tmp/Ã¼"}');
  });
});

describe('CONFIG SET', () => {
  it('passes on pairs of bytes, and who asks', () => {
    expect(engine.text('CONFIG', 'SET', 'hz', '20', 'Dir', '/x')).toBe('OK');
    expect(configuration.texts).toEqual(['hz 20', 'Dir /x']);
    expect(configuration.client).toBe(engine.client);
  });

  it('erases its copies, whether it succeeds or not', () => {
    for (const problem of [undefined, 'ERR no']) {
      configuration.problem = problem;
      engine.run('CONFIG', 'SET', 'requirepass', 'secret');
      expect(configuration.pairs[0]!.map((bytes) => bytes.every((byte) => byte === 0))).toEqual([
        true,
        true,
      ]);
    }
  });

  it('answers with the problem', () => {
    configuration.problem = 'ERR CONFIG SET failed';
    expect(engine.text('CONFIG', 'SET', 'hz', 'x')).toBe('(error) ERR CONFIG SET failed');
  });

  it('wants pairs', () => {
    expect(engine.text('CONFIG', 'SET', 'hz', '1', 'dir')).toBe('(error) ERR syntax error');
    expect(engine.text('CONFIG', 'SET', 'hz')).toBe(
      "(error) ERR wrong number of arguments for 'config|set' command",
    );
    expect(configuration.texts).toEqual([]);
  });

  it('says which of its arguments no log may show', () => {
    const { command } = engine.registry.registered('config|set')!;
    const words = ['CONFIG', 'SET', 'hz', '1', 'requirepass', 'secret'];
    const args = Args.of(...words.map((word) => Buffer.from(word)));
    expect(command.secrets!(args, engine.client.services)).toEqual([5]);
  });
});

describe('CONFIG REWRITE', () => {
  it('answers with what came of it', () => {
    expect(engine.text('CONFIG', 'REWRITE')).toBe('OK');
    configuration.problem = 'ERR The server is running without a config file';
    expect(engine.text('CONFIG', 'REWRITE')).toBe(
      '(error) ERR The server is running without a config file',
    );
  });
});

describe('CONFIG RESETSTAT', () => {
  it('sets counters back, but not the peak of memory', () => {
    engine.run('SET', 'k', 'v', 'PX', '1');
    engine.run('GET', 'k');
    engine.run('GET', 'missing');
    engine.run('NOSUCH');
    engine.sleep(10);
    engine.run('GET', 'k');
    engine.statistics.peakMemoryBytes = 12_345;
    const { keyspace, statistics } = engine;
    const counters = () => [
      keyspace.hits,
      keyspace.misses,
      keyspace.expired,
      statistics.errorReplies,
      statistics.errors.size,
    ];
    expect(counters()).toEqual([1, 2, 1, 1, 1]);
    expect(engine.text('CONFIG', 'RESETSTAT')).toBe('OK');
    expect(counters()).toEqual([0, 0, 0, 0, 0]);
    expect([...statistics.commands()].map(({ fullName }) => fullName)).toEqual([
      'config|resetstat',
    ]);
    expect(statistics.peakMemoryBytes).toBe(12_345);
  });
});
