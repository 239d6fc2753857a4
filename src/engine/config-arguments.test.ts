import { describe, expect, it } from 'vitest';
import { parseArguments } from './config-arguments.ts';

/** The options as lines, without the blanks at their ends. */
function lines(...argv: readonly string[]): string[] {
  return parseArguments(argv)
    .optionLines.split('\n')
    .map((line) => line.trimEnd());
}

describe('the command line', () => {
  it('may begin with a file', () => {
    expect(parseArguments([])).toEqual({ file: undefined, readsStdin: false, optionLines: '' });
    expect(parseArguments(['a.conf']).file).toBe('a.conf');
    expect(parseArguments(['a.conf', '--port', '1']).optionLines).toBe('port "1" ');
    expect(parseArguments(['--port', '1']).file).toBeUndefined();
  });

  it('reads the standard input for a dash, first or last', () => {
    expect(parseArguments(['-'])).toEqual({ file: undefined, readsStdin: true, optionLines: '' });
    expect(parseArguments(['a.conf', '-'])).toEqual({
      file: 'a.conf',
      readsStdin: true,
      optionLines: '',
    });
    expect(parseArguments(['-', '--port', '1']).readsStdin).toBe(true);
    expect(parseArguments(['--port', '1', '-']).readsStdin).toBe(true);
    expect(parseArguments(['--port', '-', '--hz', '1'])).toEqual({
      file: undefined,
      readsStdin: false,
      optionLines: 'port "-" \nhz "1" ',
    });
  });

  it('gives each option a line', () => {
    expect(lines('--port', '7000', '--bind', '127.0.0.1', '::1')).toEqual([
      'port "7000"',
      'bind "127.0.0.1" "::1"',
    ]);
    expect(lines('--port 7000', '--hz', '5')).toEqual(['port 7000', 'hz "5"']);
    expect(lines('--save', '900', '1', '300', '10')).toEqual(['save "900" "1" "300" "10"']);
    expect(lines('-x')).toEqual(['"-x"']);
  });

  it('takes what follows a bare option as its value, dashes or not', () => {
    expect(lines('--requirepass', '--secret', '--hz', '5')).toEqual([
      'requirepass "--secret"',
      'hz "5"',
    ]);
    expect(lines('--port')).toEqual(['port']);
  });

  it('takes an option for saving without a value as never saving', () => {
    expect(lines('--save')).toEqual(['save ""']);
    expect(lines('--SAVE', '--port', '1')).toEqual(['SAVE ""', 'port "1"']);
    expect(lines('--save', '')).toEqual(['save ""']);
  });

  it('quotes values, so that none of them becomes another line', () => {
    expect(lines('--logfile', 'a "b"\nport 1')).toEqual(['logfile "a \\"b\\"\\nport 1"']);
  });
});
