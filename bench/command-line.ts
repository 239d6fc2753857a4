/** How each benchmark starts and how it ends when it cannot go on. */

/**
 * Runs `main`; an error ends the process with status 1 and its message, causes included, without a
 * stack.
 */
export function runCommand(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    for (let cause = error; cause !== undefined; cause = (cause as Error).cause) {
      process.stderr.write(`${(cause as Error).message}\n`);
    }
    process.exitCode = 1;
  });
}
