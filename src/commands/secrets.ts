/** Where the arguments of commands hold secrets, for `Command.secrets`. */
import type { Args } from '../protocol/args.ts';
import type { Services } from './services.ts';

/** All but the command's name. */
export function allArguments(args: Args): readonly number[] {
  return Array.from({ length: args.count - 1 }, (_, i) => i + 1);
}

/** The two arguments behind each AUTH of HELLO, also when what follows makes no sense. */
export function secretsOfHello(args: Args): readonly number[] {
  const secrets: number[] = [];
  for (let i = 2; i < args.count; i++) {
    if (!args.is(i, 'AUTH')) continue;
    for (let j = i + 1; j <= i + 2 && j < args.count; j++) secrets.push(j);
  }
  return secrets;
}

/**
 * The values that CONFIG SET gives to directives that hold secrets, also when it is going to fail.
 */
export function secretsOfConfigSet(args: Args, services: Services): readonly number[] {
  const secrets: number[] = [];
  for (let i = 3; i < args.count; i += 2) {
    if (services.configuration.isSecret(args.text(i - 1))) secrets.push(i);
  }
  return secrets;
}
