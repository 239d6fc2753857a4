/** Every command: each export of a family's file is one. */
import type { Command } from './command.ts';

const FAMILIES: readonly Readonly<Record<string, Command>>[] = [];

/** All top-level commands. */
export const COMMANDS: readonly Command[] = FAMILIES.flatMap((family) => Object.values(family));
