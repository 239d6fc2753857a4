import { helpOf } from '../normalise.ts';
import { defineScript, in72, wait } from '../script.ts';
import { fieldsOf, streamInfo, timeless } from '../stream-fields.ts';

const twelve = Array.from({ length: 12 }, (_, i) => `XADD s ${i + 1}-0 f ${i}`);
const full = (options = '') => timeless(streamInfo(`XINFO STREAM s FULL${options}`));

export const script = defineScript({
  'XINFO STREAM': [
    'XINFO STREAM s',
    'XGROUP CREATE s g $ MKSTREAM',
    streamInfo('XINFO STREAM s'),
    ...twelve,
    streamInfo('XINFO STREAM s'),
    'XDEL s 1-0 12-0 5-0',
    streamInfo('XINFO STREAM s'),
    'XINFO STREAM s NONSENSE',
    'XINFO STREAM s FULL COUNT',
    'XINFO STREAM s FULL NONSENSE 1',
    'XINFO STREAM s FULL COUNT x',
    'XINFO STREAM s FULL COUNT 1 2',
    'XINFO STREAM missing NONSENSE',
    'SET string x',
    'XINFO STREAM string',
    'XINFO STREAM string NONSENSE',
    'XINFO STREAM',
  ],

  'XINFO STREAM FULL': [
    ...twelve,
    full(),
    'XGROUP CREATE s g 0',
    'XGROUP CREATE s e 5 ENTRIESREAD 5',
    full(),
    'XREADGROUP GROUP g bob COUNT 1 STREAMS s >',
    'XREADGROUP GROUP g alice STREAMS s >',
    'XGROUP CREATECONSUMER s g idler',
    'XDEL s 3-0',
    full(),
    full(' COUNT 2'),
    full(' COUNT 0'),
    full(' COUNT -3'),
    full(' count 1'),
    timeless(streamInfo('xinfo stream s full')),
  ],

  'XINFO GROUPS': [
    'XINFO GROUPS s',
    ...twelve,
    'XINFO GROUPS s',
    'XGROUP CREATE s beta 0',
    'XGROUP CREATE s alpha 12-0',
    'XGROUP CREATE s Zeta 5-0',
    'XREADGROUP GROUP beta c COUNT 3 STREAMS s >',
    'XACK s beta 2-0',
    'XINFO GROUPS s',
    'XINFO GROUPS',
    'XINFO GROUPS s x',
    'SET string x',
    'XINFO GROUPS string',
  ],

  'XINFO CONSUMERS': [
    ...twelve,
    'XGROUP CREATE s g 0',
    'XINFO CONSUMERS s g',
    'XREADGROUP GROUP g bob COUNT 2 STREAMS s >',
    'XREADGROUP GROUP g Alice COUNT 1 STREAMS s >',
    streamInfo('XINFO CONSUMERS s g'),
    wait(20),
    streamInfo('XINFO CONSUMERS s g'),
    'XINFO CONSUMERS s none',
    'XINFO CONSUMERS missing g',
    'XINFO CONSUMERS s',
    'SET string x',
    'XINFO CONSUMERS string g',
  ],

  'The fields of 7.2': [
    ...twelve,
    'XGROUP CREATE s g 0',
    'XGROUP CREATECONSUMER s g c',
    in72(fieldsOf('XINFO CONSUMERS s g'), 'successes are told apart from attempts since 7.2', [
      '$name',
      '$pending',
      '$idle',
      '$inactive=-1',
    ]),
    'XREADGROUP GROUP g c NOACK COUNT 1 STREAMS s >',
    in72(fieldsOf('XINFO CONSUMERS s g'), 'nothing is pending, so there was no success', [
      '$name',
      '$pending',
      '$idle',
      '$inactive=-1',
    ]),
    'XREADGROUP GROUP g c COUNT 1 STREAMS s >',
    in72(fieldsOf('XINFO CONSUMERS s g'), 'successes are told since 7.2', [
      '$name',
      '$pending',
      '$idle',
      '$inactive',
    ]),
  ],

  'XINFO itself': ['XINFO', 'XINFO NONSENSE s', helpOf('XINFO', 'XINFO HELP'), 'XINFO HELP x'],
});
