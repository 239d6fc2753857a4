import { type Directives, type EmbeddedRedstart, openRedstart } from '../../src/embedded.ts';

/** An engine in the process of the test that listens on ports of its own. */
export interface InProcessServer {
  readonly db: EmbeddedRedstart;
  readonly port: number;
  readonly textPort: number;
}

/** Opens an engine with these directives and has it listen with both protocols. */
export async function startInProcess(directives: Directives = {}): Promise<InProcessServer> {
  const db = await openRedstart(directives);
  return { db, ...(await db.listen({ port: 0, textPort: 0 })) };
}
