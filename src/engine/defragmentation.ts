/** When the defragmenter works: in short slices far apart, so that it takes a tenth of the time. */
import type { DefragmentationFigures } from '../commands/services/statistics.ts';
import type { Defragmenter } from '../keyspace/defragmenter.ts';

const SLICE_MS = 0.5;
const PAUSE_MS = 5;

/** While so much is freed from tick to tick, more may be soon: what is left is seen then. */
const FREEING_BYTES_PER_TICK = 1024 * 1024;
/** Ticks after which freeing that does not end is waited for no longer. */
const FREEING_TICKS_MAX = 10;

/** See the file's comment. */
export class Defragmentation implements DefragmentationFigures {
  milliseconds = 0;
  readonly #defragmenter: Defragmenter;
  readonly #keepsProcessAlive: boolean;
  #enabled = false;
  #timer: NodeJS.Timeout | null = null;
  #usedBytes = 0;
  #freeingTicks = 0;

  /** `keepsProcessAlive`: whether the process goes on for as long as there is work. */
  constructor(defragmenter: Defragmenter, keepsProcessAlive: boolean) {
    this.#defragmenter = defragmenter;
    this.#keepsProcessAlive = keepsProcessAlive;
  }

  get isRunning(): boolean {
    return this.#defragmenter.isRunning;
  }

  get moved(): number {
    return this.#defragmenter.moved;
  }

  /** activedefrag */
  set enabled(enabled: boolean) {
    this.#enabled = enabled;
    if (!enabled) this.stop();
  }

  /** To be called every 100 ms: begins to work when it is worth while. */
  tick(): void {
    const isFreeing = this.#isFreeing();
    if (this.#enabled && this.#timer === null && !isFreeing) this.#work();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#defragmenter.stop();
  }

  /** Whether much is being freed, as by a mass expiry, which has enough to do without this. */
  #isFreeing(): boolean {
    const { usedBytes } = this.#defragmenter;
    const freed = this.#usedBytes - usedBytes;
    this.#usedBytes = usedBytes;
    this.#freeingTicks = freed > FREEING_BYTES_PER_TICK ? this.#freeingTicks + 1 : 0;
    return this.#freeingTicks > 0 && this.#freeingTicks <= FREEING_TICKS_MAX;
  }

  #work(): void {
    this.#timer = null;
    const startMs = performance.now();
    const more = this.#defragmenter.step(SLICE_MS);
    this.milliseconds += performance.now() - startMs;
    if (!more) return;
    const timer = setTimeout(() => this.#work(), PAUSE_MS);
    this.#timer = this.#keepsProcessAlive ? timer : timer.unref();
  }
}
