/** Settings of V8's optimizing compiler. See docs/decisions/0015-one-function-per-command.md. */
import { setFlagsFromString } from 'node:v8';

/**
 * Lets the compiler make one function of what a command calls. To be called before commands run:
 * what is compiled stays as it is.
 */
export function compileCommandsWhole(): void {
  setFlagsFromString('--max-inlined-bytecode-size=1000');
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=3000');
}
