/** DEBUG PROTOCOL: one reply of each type, for those who write clients. */
import type { Reply } from '../protocol/reply.ts';
import { CommandError } from './errors.ts';

const NEEDS_RESP3 = new CommandError('ERR RESP2 is not supported by this command');

const EXAMPLES: ReadonlyMap<string, (reply: Reply) => void> = new Map([
  ['string', (reply) => reply.text('Hello World')],
  ['integer', (reply) => reply.integer(12345)],
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: this is Redis's example
  ['double', (reply) => reply.double(3.141)],
  ['bignum', (reply) => reply.bigNumber('1234567999999999999999999999999999999')],
  ['null', (reply) => reply.nil()],
  ['array', replyArray],
  ['set', replySet],
  ['map', replyMap],
  ['attrib', replyWithAttribute],
  ['push', replyBehindPush],
  ['verbatim', (reply) => reply.verbatim('txt', 'This is a verbatim\nstring')],
  ['true', (reply) => reply.boolean(true)],
  ['false', (reply) => reply.boolean(false)],
]);

const TYPES = [...EXAMPLES.keys()].join('|');
const NOT_A_TYPE = new CommandError(
  `ERR Wrong protocol type name. Please use one of the following: ${TYPES}`,
);

/** Answers with an example of the type of this name, in any case. */
export function replyExample(name: string, reply: Reply): void {
  const example = EXAMPLES.get(name.toLowerCase());
  if (example === undefined) throw NOT_A_TYPE;
  example(reply);
}

function replyArray(reply: Reply): void {
  reply.array(3);
  for (let i = 0; i < 3; i++) reply.integer(i);
}

function replySet(reply: Reply): void {
  reply.set(3);
  for (let i = 0; i < 3; i++) reply.integer(i);
}

function replyMap(reply: Reply): void {
  reply.map(3);
  for (let i = 0; i < 3; i++) {
    reply.integer(i);
    reply.boolean(i === 1);
  }
}

function replyWithAttribute(reply: Reply): void {
  if (reply.resp3) {
    reply.attribute(1);
    reply.text('key-popularity');
    reply.array(2);
    reply.text('key:123');
    reply.integer(90);
  }
  reply.text('Some real reply following the attribute');
}

/** A push message is no reply, so one follows. */
function replyBehindPush(reply: Reply): void {
  if (!reply.resp3) throw NEEDS_RESP3;
  reply.push(2);
  reply.text('server-cpu-usage');
  reply.integer(42);
  reply.text('Some real reply following the push reply');
}
