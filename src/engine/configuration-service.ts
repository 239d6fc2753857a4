/** The configuration in force, as CONFIG and other commands see it. */
import type { ClientState } from '../commands/services/clients.ts';
import type { Configuration } from '../commands/services/configuration.ts';
import type { Config } from './config.ts';
import { rewriteConfiguration } from './config-rewrite.ts';
import { directiveOf, findDirective } from './config-table.ts';
import { isLocal } from './debug-access.ts';

/** What the configuration depends on that is not in it. */
export interface ConfigurationSurroundings {
  /** Whether the data set is still being read: some directives cannot change then. */
  isLoading(): boolean;
  /**
   * The `user` lines that CONFIG REWRITE is to write, that of the default user among them;
   * undefined leaves those of the file alone.
   */
  userLines(): readonly string[] | undefined;
}

/** See the file's comment. */
export class ConfigurationService implements Configuration {
  readonly #config: Config;
  readonly #surroundings: ConfigurationSurroundings;

  constructor(config: Config, surroundings: ConfigurationSurroundings) {
    this.#config = config;
    this.#surroundings = surroundings;
  }

  get(patterns: readonly Uint8Array[]): readonly (readonly [name: string, value: string])[] {
    return this.#config.get(patterns);
  }

  textOf(name: string): string {
    const directive = findDirective(name);
    if (directive === undefined) throw new Error(`no directive is called ${name}`);
    return this.#config.settings.get(directive).text;
  }

  isSecret(name: string): boolean {
    const directive = findDirective(name);
    return directive !== undefined && directiveOf(directive).sensitive;
  }

  set(
    pairs: readonly (readonly [name: Buffer, value: Buffer])[],
    client: ClientState,
  ): string | undefined {
    return this.#config.set(pairs, {
      isLocal: isLocal(client.transport),
      isLoading: this.#surroundings.isLoading(),
    });
  }

  rewrite(): string | undefined {
    return rewriteConfiguration(this.#config, this.#surroundings.userLines());
  }
}
