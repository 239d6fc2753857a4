import { type Encoded, isArray } from '../encoded.ts';
import { helpOf, masked, matching, sorted } from '../normalise.ts';
import { defineScript, in72, type Line, needing, normalised, type Step } from '../script.ts';

const FEWER_ARGUMENTS = 'COMMAND GETKEYS takes commands without arguments since 7.2';
const NO_KEYS = '-ERR The command has no key arguments';
const BAD_ARITY = '-ERR Invalid number of arguments specified for command';

/** A row of COMMAND INFO; its flags and categories have no order. */
const infoRows = (line: Line): Step =>
  normalised(line, (reply) => {
    if (!isArray(reply)) return reply;
    return reply.map((row) => (isArray(row) ? row.map((each, i) => sortedAt(i, each)) : row));
  });

const sortedAt = (index: number, value: Encoded): Encoded => {
  if (index !== 2 && index !== 6) return value;
  if (isArray(value)) return value.toSorted();
  return typeof value === 'object' ? { '~': (value['~'] as string[]).toSorted() } : value;
};

/** The sentences of COMMAND DOCS are each server's own. */
const documentation = (line: Line): Step => masked(line, /^\$(?:O\(.*|.* .*)$/s, '$<text>');

const DISPLAY_TEXT = '7.2 gives arguments a display_text';
const ARGUMENT_72 = '$name $key $type $key $display_text $key $key_spec_index'.split(' ');

export const script = defineScript({
  'COMMAND COUNT and LIST': [
    matching('COMMAND COUNT', /[1-9]\d+/),
    sorted('COMMAND LIST FILTERBY PATTERN mset*'),
    sorted('COMMAND LIST FILTERBY PATTERN MSET*'),
    sorted('COMMAND LIST FILTERBY PATTERN get'),
    sorted('COMMAND LIST FILTERBY PATTERN config|s*'),
    sorted('COMMAND LIST FILTERBY PATTERN nosuch*'),
    sorted('COMMAND LIST FILTERBY ACLCAT string'),
    sorted('command list filterby aclcat STRING'),
    'COMMAND LIST FILTERBY MODULE nosuch',
    'COMMAND LIST FILTERBY ACLCAT nosuch',
    'COMMAND LIST FILTERBY PATTERN',
    'COMMAND LIST FILTERBY NOSUCH x',
    'COMMAND LIST FILTERBY',
    'COMMAND LIST NOSUCH',
    'COMMAND COUNT x',
  ],

  'COMMAND INFO and DOCS of unknown commands': [
    'COMMAND INFO nosuch',
    'COMMAND INFO nosuch client|nosuch',
    'COMMAND DOCS nosuch',
    'COMMAND DOCS client|nosuch',
    ['COMMAND', 'INFO', '', '__proto__', 'get\0'],
    ['COMMAND', 'DOCS', '', '__proto__', 'get\0'],
    'COMMAND NOSUCH',
    'COMMAND GETKEYS',
    helpOf('COMMAND', 'COMMAND HELP'),
  ],

  'The shape of COMMAND INFO and DOCS': [
    infoRows('COMMAND INFO get'),
    infoRows('COMMAND INFO GET nosuch config|get'),
    infoRows('COMMAND INFO object|encoding'),
    in72(
      documentation('COMMAND DOCS getdel'),
      DISPLAY_TEXT,
      [
        '$getdel',
        [
          ...'$summary $<text> $since $6.2.0 $group $string $complexity $<text> $arguments'.split(
            ' ',
          ),
          [[...ARGUMENT_72, ':0']],
        ],
      ],
      {
        '%': [
          [
            '$getdel',
            {
              '%': [
                ['$summary', '$<text>'],
                ['$since', '$6.2.0'],
                ['$group', '$string'],
                ['$complexity', '$<text>'],
                [
                  '$arguments',
                  [
                    {
                      '%': [
                        ['$name', '$key'],
                        ['$type', '$key'],
                        ['$display_text', '$key'],
                        ['$key_spec_index', ':0'],
                      ],
                    },
                  ],
                ],
              ],
            },
          ],
        ],
      },
    ),
    documentation('COMMAND DOCS config|resetstat'),
  ],

  'COMMAND GETKEYS': [
    'COMMAND GETKEYS GET k',
    'COMMAND GETKEYS get K',
    'COMMAND GETKEYS SET k v EX 10 NX GET',
    'COMMAND GETKEYS MSET a 1 b 2 c 3',
    'COMMAND GETKEYS MGET a b c',
    'COMMAND GETKEYS DEL a b',
    'COMMAND GETKEYS COPY a b REPLACE',
    'COMMAND GETKEYS RENAME a b',
    'COMMAND GETKEYS LCS a b IDX',
    'COMMAND GETKEYS OBJECT ENCODING k',
    'COMMAND GETKEYS MEMORY USAGE k',
    ['COMMAND', 'GETKEYS', 'GET', 'nul\0\r\n'],
    ['COMMAND', 'GETKEYS', 'GET', ''],
    'COMMAND GETKEYS MSET a 1 b',
    in72('COMMAND GETKEYS GET', FEWER_ARGUMENTS, BAD_ARITY),
    'COMMAND GETKEYS GET a b',
    in72('COMMAND GETKEYS PING', FEWER_ARGUMENTS, NO_KEYS),
    'COMMAND GETKEYS CLIENT ID',
    in72('COMMAND GETKEYS CLIENT', FEWER_ARGUMENTS, NO_KEYS),
    'COMMAND GETKEYS NOSUCH k',
    'COMMAND GETKEYS OBJECT NOSUCH k',
    'COMMAND GETKEYS SET k',
  ],

  'COMMAND GETKEYSANDFLAGS': [
    'COMMAND GETKEYSANDFLAGS GET k',
    'COMMAND GETKEYSANDFLAGS SET k v',
    'COMMAND GETKEYSANDFLAGS SET k v GET',
    'COMMAND GETKEYSANDFLAGS set k v get ex 10',
    'COMMAND GETKEYSANDFLAGS MSET a 1 b 2',
    'COMMAND GETKEYSANDFLAGS DEL a b',
    'COMMAND GETKEYSANDFLAGS COPY a b',
    'COMMAND GETKEYSANDFLAGS RENAME a b',
    'COMMAND GETKEYSANDFLAGS INCR k',
    'COMMAND GETKEYSANDFLAGS APPEND k v',
    'COMMAND GETKEYSANDFLAGS STRLEN k',
    'COMMAND GETKEYSANDFLAGS EXPIRE k 1',
    'COMMAND GETKEYSANDFLAGS OBJECT ENCODING k',
    in72('COMMAND GETKEYSANDFLAGS PING', FEWER_ARGUMENTS, NO_KEYS),
    in72('COMMAND GETKEYSANDFLAGS GET', FEWER_ARGUMENTS, BAD_ARITY),
    'COMMAND GETKEYSANDFLAGS NOSUCH k',
    'COMMAND GETKEYSANDFLAGS',
  ],

  'COMMAND GETKEYS of commands that count their keys': needing('EVAL ZUNIONSTORE XREAD SORT', [
    ['COMMAND', 'GETKEYS', 'EVAL', 'return 1', '2', 'a', 'b', 'x'],
    ['COMMAND', 'GETKEYS', 'EVAL', 'return 1', '0', 'x'],
    ['COMMAND', 'GETKEYS', 'EVAL', 'return 1', '5', 'a'],
    ['COMMAND', 'GETKEYS', 'EVAL', 'return 1', '-1', 'a'],
    ['COMMAND', 'GETKEYS', 'EVAL', 'return 1', 'x', 'a'],
    'COMMAND GETKEYS ZUNIONSTORE out 2 a b WEIGHTS 1 2',
    'COMMAND GETKEYS ZUNIONSTORE out 9 a b',
    'COMMAND GETKEYS XREAD COUNT 5 BLOCK 0 STREAMS a b 0 0',
    'COMMAND GETKEYS XREAD COUNT 5',
    'COMMAND GETKEYS SORT k BY w_* GET # STORE out',
    'COMMAND GETKEYSANDFLAGS SORT k STORE out',
    'COMMAND GETKEYSANDFLAGS ZUNIONSTORE out 2 a b',
  ]),

  'COMMAND GETKEYS of the other families': needing('LMOVE GEOADD BITOP XGROUP MIGRATE', [
    'COMMAND GETKEYS LMOVE a b LEFT RIGHT',
    'COMMAND GETKEYS BITOP AND out a b c',
    'COMMAND GETKEYS XGROUP CREATE s g $',
    ['COMMAND', 'GETKEYS', 'MIGRATE', 'host', '1', '', '0', '10', 'KEYS', 'a', 'b'],
    'COMMAND GETKEYS MIGRATE host 1 key 0 10',
  ]),
});
