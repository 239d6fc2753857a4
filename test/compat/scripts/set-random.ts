import { oneOf, sorted, such, typesOnly } from '../normalise.ts';
import { defineScript } from '../script.ts';

const BINARY = 'nul\0 and\r\n\xff';

function words(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `word${i}`);
}

/** A reply of so many members, all different. */
function different(command: string | readonly string[], count: number) {
  return such(command, `${count} different members`, (reply) => {
    const items = Array.isArray(reply) ? reply : Object.values(reply).flat();
    return items.length === count && new Set(items.map(String)).size === count;
  });
}

export const script = defineScript({
  SPOP: [
    'SPOP s',
    'SADD s a',
    'SPOP s',
    'SPOP s',
    'EXISTS s',
    ['SADD', 's', BINARY],
    'SPOP s',
    'SADD s 9223372036854775807',
    'SPOP s',
    'SADD s a b c',
    oneOf('SPOP s', '$a', '$b', '$c'),
    'SCARD s',
    'SADD s 1 2 3',
    typesOnly('SPOP s'),
    typesOnly('SPOP s'),
    'SCARD s',
  ],

  'SPOP with a count': [
    'SPOP s 1',
    'SPOP s 0',
    'SADD s a b c d e',
    'SPOP s 0',
    typesOnly('SPOP s 1'),
    typesOnly('SPOP s 3'),
    'SCARD s',
    'SADD s a b c d e',
    sorted('SPOP s 5'),
    'EXISTS s',
    'SADD s 1 2 3 4 5',
    sorted('SPOP s 9223372036854775807'),
    'EXISTS s',
    ['SADD', 's', ...words(1000)],
    different('SPOP s 10', 10),
    'SCARD s',
    different('SPOP s 900', 900),
    'SCARD s',
    different('SPOP s 89', 89),
    typesOnly('SMEMBERS s'),
    typesOnly('SPOP s 2'),
    'EXISTS s',
  ],

  'SPOP errors': [
    'SADD s a b',
    'SPOP s -1',
    'SPOP s x',
    ['SPOP', 's', ''],
    'SPOP s 1.5',
    'SPOP s 9223372036854775808',
    'SPOP s -9223372036854775808',
    'SPOP s 1 1',
    'SPOP missing -1',
    'SPOP missing x',
    'SCARD s',
  ],

  SRANDMEMBER: [
    'SRANDMEMBER s',
    'SADD s a',
    'SRANDMEMBER s',
    'SADD t 17',
    'SRANDMEMBER t',
    'SADD s b c',
    oneOf('SRANDMEMBER s', '$a', '$b', '$c'),
    'SCARD s',
  ],

  'SRANDMEMBER with a count': [
    'SRANDMEMBER s 1',
    'SRANDMEMBER s -1',
    'SRANDMEMBER s 0',
    'SADD s a b c',
    'SRANDMEMBER s 0',
    sorted('SRANDMEMBER s 3'),
    sorted('SRANDMEMBER s 100'),
    sorted('SRANDMEMBER s 9223372036854775807'),
    different('SRANDMEMBER s 2', 2),
    typesOnly('SRANDMEMBER s -5'),
    'SADD one x',
    'SRANDMEMBER one -4',
    'SRANDMEMBER one 4',
    'SADD number 5',
    'SRANDMEMBER number -3',
    ['SADD', 'large', ...words(1000)],
    different('SRANDMEMBER large 3', 3),
    different('SRANDMEMBER large 500', 500),
    different('SRANDMEMBER large 1000', 1000),
    typesOnly('SRANDMEMBER large -3'),
    'SCARD large',
  ],

  'SRANDMEMBER errors': [
    'SADD s a',
    'SRANDMEMBER s x',
    ['SRANDMEMBER', 's', ''],
    'SRANDMEMBER s 1.0',
    'SRANDMEMBER s 9223372036854775808',
    'SRANDMEMBER s -9223372036854775808',
    'SRANDMEMBER missing -9223372036854775808',
    'SRANDMEMBER missing -9223372036854775807',
    'SRANDMEMBER s 1 1',
  ],
});
