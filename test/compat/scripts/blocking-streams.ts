import {
  capture,
  defineScript,
  in72,
  on,
  receive,
  send,
  silence,
  untilBlocked,
} from '../script.ts';

const AGAIN = 'the command is done again, and says what it would have said at first';
const ALL = 'the command is done again, and reads all streams';
const GONE = "-NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option";
const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value';

/** A consumer waits in stream s, and a reader. */
const waiting = [
  'XGROUP CREATE s g $ MKSTREAM',
  on('a', send('XREADGROUP GROUP g c BLOCK 0 STREAMS s >')),
  untilBlocked(1),
  on('b', send('XREAD BLOCK 0 STREAMS s $')),
  untilBlocked(2),
];

export const script = defineScript({
  'Nothing there, until the time is over': [
    'XREAD BLOCK 10 STREAMS s $',
    'XREAD COUNT 1 BLOCK 10 STREAMS s t 0 0',
    'XGROUP CREATE s g $ MKSTREAM',
    'XREADGROUP GROUP g c BLOCK 10 STREAMS s >',
    in72('XGROUP CREATECONSUMER s g c', 'a consumer is made even when there is nothing', ':0'),
  ],

  'What is there is answered at once': [
    'XADD s 1-1 f v',
    'XREAD BLOCK 0 STREAMS s 0',
    'XREAD BLOCK 10 STREAMS s 1-1',
    'XGROUP CREATE s g 0',
    'XREADGROUP GROUP g c BLOCK 0 STREAMS s >',
    'XREADGROUP GROUP g c BLOCK 0 STREAMS s 0',
    'XREADGROUP GROUP g d BLOCK 0 STREAMS s 0',
  ],

  'Every reader is served': [
    on('a', send('XREAD BLOCK 0 STREAMS s $')),
    untilBlocked(1),
    on('b', send('XREAD BLOCK 0 COUNT 1 STREAMS s 0')),
    untilBlocked(2),
    on('c', send('XREAD BLOCK 0 STREAMS s 5')),
    untilBlocked(3),
    'MULTI',
    'XADD s 1-1 f 1',
    'XADD s 2-1 f 2',
    'EXEC',
    on('a', receive()),
    on('b', receive()),
    on('c', silence(10)),
    'XADD s 9-1 f 3',
    on('c', receive()),
  ],

  'Several streams': [
    'XADD t 5-0 f v',
    on('a', send('XREAD BLOCK 0 STREAMS s t $ $')),
    untilBlocked(1),
    'XADD t 6-0 f v',
    on('a', receive()),
    on('a', send('XREAD BLOCK 0 STREAMS s t $ $')),
    untilBlocked(1),
    'MULTI',
    'XADD t 7-0 f v',
    'XADD s 1-0 f v',
    'EXEC',
    in72(
      on('a', receive()),
      ALL,
      [
        ['$s', [['$1-0', ['$f', '$v']]]],
        ['$t', [['$7-0', ['$f', '$v']]]],
      ],
      {
        '%': [
          ['$s', [['$1-0', ['$f', '$v']]]],
          ['$t', [['$7-0', ['$f', '$v']]]],
        ],
      },
    ),
  ],

  'One consumer of each group is served, who has waited longest': [
    'XGROUP CREATE s g $ MKSTREAM',
    'XGROUP CREATE s h $',
    on('a', send('XREADGROUP GROUP g one BLOCK 0 STREAMS s >')),
    untilBlocked(1),
    on('b', send('XREADGROUP GROUP g two BLOCK 0 STREAMS s >')),
    untilBlocked(2),
    on('c', send('XREADGROUP GROUP h one BLOCK 0 NOACK STREAMS s >')),
    untilBlocked(3),
    'XADD s 1-0 f v',
    on('a', receive()),
    on('c', receive()),
    on('b', silence(10)),
    'XADD s 2-0 f v',
    on('b', receive()),
    'XPENDING s g',
    'XPENDING s h',
  ],

  'Both are served': [...waiting, 'XADD s 1-0 f v', on('a', receive()), on('b', receive())],

  'The stream is deleted': [
    ...waiting,
    'DEL s',
    in72(on('a', receive()), AGAIN, GONE),
    on('b', silence(10)),
    'XADD s 1-0 f v',
    on('b', receive()),
  ],

  'The stream becomes something else': [
    ...waiting,
    'SET s text',
    in72(on('a', receive()), AGAIN, WRONG_TYPE),
    on('b', silence(10)),
    'DEL s',
    'XADD s 1-0 f v',
    on('b', receive()),
  ],

  'Everything is flushed': [
    ...waiting,
    'FLUSHALL',
    in72(on('a', receive()), AGAIN, GONE),
    on('b', silence(10)),
    'XADD s 1-0 f v',
    on('b', receive()),
  ],

  'The stream gets another name': [
    ...waiting,
    'RENAME s t',
    in72(on('a', receive()), AGAIN, GONE),
    on('b', silence(10)),
    'RENAME t s',
    'XADD s 1-0 f v',
    on('b', receive()),
  ],

  'The group is destroyed': [
    ...waiting,
    'XGROUP DESTROY s g',
    in72(on('a', receive()), AGAIN, GONE),
    on('b', silence(10)),
    'XADD s 1-0 f v',
    on('b', receive()),
  ],

  'The group is destroyed and made again': [
    ...waiting,
    'MULTI',
    'XGROUP DESTROY s g',
    'XGROUP CREATE s g 0',
    'XADD s 1-0 f v',
    'EXEC',
    on('a', receive()),
    on('b', receive()),
  ],

  'A stream comes by another name': [
    'XADD t 1-0 f v',
    on('b', send('XREAD BLOCK 0 STREAMS s 0')),
    untilBlocked(1),
    'RENAME t s',
    on('b', receive()),
    on('b', send('XREAD BLOCK 0 STREAMS u 0')),
    untilBlocked(1),
    'COPY s u',
    on('b', receive()),
  ],

  'CLIENT UNBLOCK': [
    capture('id', on('a', 'CLIENT ID')),
    on('a', send('XREAD BLOCK 0 STREAMS s $')),
    untilBlocked(1),
    'CLIENT UNBLOCK {id}',
    on('a', receive()),
    on('a', send('XREAD BLOCK 100000 STREAMS s $')),
    untilBlocked(1),
    'CLIENT UNBLOCK {id} ERROR',
    on('a', receive()),
  ],
});
