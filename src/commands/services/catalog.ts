/** The commands themselves, for COMMAND. */
import type { Command } from '../command.ts';

/** Finds commands by name. */
export interface CommandCatalog {
  /** All top-level commands. */
  readonly commands: readonly Command[];
  /** A command, or a subcommand written as `client|list`; any case. */
  byName(name: string): Command | undefined;
}
