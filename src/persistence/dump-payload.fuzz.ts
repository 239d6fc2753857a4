/**
 * Random values are dumped, damaged and restored: each is refused, or sound and readable to its
 * end. The heap is checked after every round.
 */
import { TestEngine } from '../../test/support/engine.ts';
import { randomValue, VALUE_KINDS } from '../../test/support/random-values.ts';
import { sealPayload } from '../../test/support/rdb-bytes.ts';
import { fuzzStructure } from '../../test/support/structure-fuzz.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';

const FOOTER_BYTES = 10;
const DAMAGED_PER_VALUE = 50;
/** What heads, lengths and flags of many formats have at their borders. */
const BORDERS = [0, 1, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xc0, 0xc3, 0xdf, 0xf0, 0xf4, 0xfe, 0xff];
const READERS: readonly (readonly string[])[] = [
  ['LRANGE', 'b', '0', '-1'],
  ['HGETALL', 'b'],
  ['SMEMBERS', 'b'],
  ['ZRANGE', 'b', '0', '-1', 'WITHSCORES'],
  ['XRANGE', 'b', '-', '+'],
  ['XREVRANGE', 'b', '+', '-'],
  ['XINFO', 'STREAM', 'b', 'FULL', 'COUNT', '0'],
  ['DUMP', 'b'],
  ['COPY', 'b', 'c', 'REPLACE'],
];

const engine = new TestEngine();

fuzzStructure('dump-payload', (random) => {
  engine.run('FLUSHALL');
  for (const line of randomValue(random, random.pick(VALUE_KINDS), 'a')) engine.run(...line);
  const dumped = engine.run('DUMP', 'a');
  if (dumped.type !== 'bulk') throw new Error(`${dumped.type} in place of a payload`);
  const value = dumped.bytes.subarray(0, -FOOTER_BYTES);
  for (let i = 0; i < DAMAGED_PER_VALUE; i++) {
    const damaged = Buffer.from(value);
    for (let changes = random.integer(1, 4); changes > 0; changes--) {
      const at = random.integer(0, random.pick([Math.min(15, value.length - 1), value.length - 1]));
      if (random.fraction() < 0.4) damaged[at] = random.pick(BORDERS);
      else damaged[at]! ^= 1 << random.integer(0, 7);
    }
    const whole = random.fraction() < 0.9;
    const cut = whole ? damaged : damaged.subarray(0, random.integer(0, damaged.length));
    const reply = engine.text('RESTORE', 'b', '0', sealPayload(cut), 'REPLACE');
    if (reply === 'OK') for (const line of READERS) engine.run(...line);
    else if (reply !== '(error) ERR Bad data format') throw new Error(reply);
  }
  checkKeyspace(engine.keyspace);
});
