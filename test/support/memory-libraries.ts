import type { LibraryStore } from '../../src/commands/services/scripting.ts';

/** Libraries of functions as nothing but their code, for tests of where that goes. */
export class MemoryLibraries implements LibraryStore {
  codes: readonly Buffer[] = [];

  replace(codes: readonly Buffer[]): void {
    this.codes = codes;
  }
}
