/**
 * Runs what clients are going to need before they need it. A program that has just started is not
 * compiled yet: under its first heavy load it would compile, and throw away and compile again,
 * while clients wait for milliseconds. So a server that is ready and has nothing to do plays to
 * itself on a stage of its own, in slices, and stops for as long as somebody wants something. See
 * docs/decisions/0021-rehearsal.md.
 */
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Log } from '../engine/log.ts';
import type { Redstart } from '../redstart.ts';
import { type Batch, script } from './script.ts';
import { Stage } from './stage.ts';

/** Before it begins: who waited for the server comes first. */
const DELAY_MS = 50;
/** For so long nobody must have said anything. */
const QUIET_MS = 1;
/** Who has served so many commands has no need to rehearse. */
const COMMANDS_ENOUGH = 20_000;
/** A rehearsal takes a quarter of a second; what takes so much longer is not worth it. */
const PATIENCE_MS = 60_000;
/** Twice what V8 bears before it collects. */
const PRESSURE_BYTES = 128 * 1024 * 1024;

/** See the file's comment. */
export class Rehearsal {
  readonly #server: Redstart;
  readonly #log: Log;
  #isOver = false;
  /** What clients had been read from when last looked at. */
  #reads = -1;
  #deadlineMs = Number.POSITIVE_INFINITY;

  constructor(server: Redstart, log: Log) {
    this.#server = server;
    this.#log = log;
  }

  /** Rehearses; resolves when all that it took is given back. Never rejects. */
  async run(): Promise<void> {
    try {
      await sleep(DELAY_MS, undefined, { ref: false });
      this.#deadlineMs = performance.now() + PATIENCE_MS;
      await this.#untilQuiet();
      if (this.#isOver) return;
      const startMs = performance.now();
      await this.#rehearse();
      await this.#untilQuiet();
      askForCollection();
      const milliseconds = Math.round(performance.now() - startMs);
      this.#log.verbose('The rehearsal is over', { milliseconds });
    } catch (problem) {
      const reason = problem instanceof Error ? problem.message : String(problem);
      this.#log.verbose('The rehearsal was given up', { reason });
    }
  }

  /** Has it end within the next turn of the event loop. */
  end(): void {
    this.#isOver = true;
  }

  async #rehearse(): Promise<void> {
    const stage = await Stage.open();
    try {
      await this.#play(stage);
    } finally {
      await stage.close();
    }
  }

  async #play(stage: Stage): Promise<void> {
    const batches: Iterator<Batch> = script();
    while (!this.#isOver) {
      if (stage.isIdle) {
        const { value: batch, done } = batches.next();
        if (done) return;
        await this.#untilQuiet();
        if (this.#isOver) return;
        stage.send(batch.bytes, batch.commands);
      }
      this.#look();
      await turn();
    }
  }

  /** Resolves when nobody asks for anything, or when there is nothing to rehearse any more. */
  async #untilQuiet(): Promise<void> {
    while (!this.#isOver && this.#hasBeenAsked()) {
      await sleep(QUIET_MS, undefined, { ref: false });
    }
  }

  /** Whether a client has sent something since the last look. */
  #hasBeenAsked(): boolean {
    this.#look();
    const before = this.#reads;
    this.#reads = this.#server.engine.statistics.reads;
    return this.#reads !== before;
  }

  /** Ends it when there is nothing to rehearse any more. */
  #look(): void {
    const isTooLate = performance.now() > this.#deadlineMs;
    const isWarm = this.#server.engine.statistics.commandsProcessed >= COMMANDS_ENOUGH;
    if (isWarm || isTooLate || this.#server.isStopped) this.end();
  }
}

/**
 * V8 begins to look for what is not used any more, in steps, when so much memory outside of its
 * heap has come. As nobody touches that memory, there is none. The arena of the stage is not given
 * back as others are: the first buffer that is detached makes V8 throw away all that it has
 * compiled.
 */
function askForCollection(): void {
  new ArrayBuffer(PRESSURE_BYTES);
}
