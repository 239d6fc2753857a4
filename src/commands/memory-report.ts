/** What MEMORY STATS, DOCTOR and MALLOC-STATS say about the figures. */
import type { Heap } from '../memory/heap.ts';
import { CLASS_BYTES, CLASS_COUNT } from '../memory/size-classes.ts';
import { PAGE_BYTES } from '../memory/slab-pages.ts';
import type { Reply } from '../protocol/reply.ts';
import type { MemoryFigures } from './memory-figures.ts';

const MEGABYTE = 1024 * 1024;
/** Below this nothing that can be said about memory means much. */
const SMALL_BYTES = 5 * MEGABYTE;
const CLIENT_BYTES_MAX = 200 * 1024;
/** What the runtime and the program take by themselves. */
const RUNTIME_BYTES = 150 * MEGABYTE;

/** Answers with the figures as the map of MEMORY STATS. */
export function replyStats(reply: Reply, figures: MemoryFigures): void {
  const { used, peak, startup, overhead, dataset, keys, databases } = figures;
  const fields: readonly (readonly [name: string, write: () => void])[] = [
    ['peak.allocated', () => reply.integer(peak)],
    ['total.allocated', () => reply.integer(used)],
    ['startup.allocated', () => reply.integer(startup)],
    ['replication.backlog', () => reply.integer(0)],
    ['clients.slaves', () => reply.integer(0)],
    ['clients.normal', () => reply.integer(figures.clients)],
    ['cluster.links', () => reply.integer(0)],
    ['aof.buffer', () => reply.integer(0)],
    ['lua.caches', () => reply.integer(0)],
    ['functions.caches', () => reply.integer(0)],
    ...databases.map(({ id, indexBytes, expiryBytes }) => {
      return [`db.${id}`, () => replyDatabase(reply, indexBytes, expiryBytes)] as const;
    }),
    ['overhead.total', () => reply.integer(overhead)],
    ['keys.count', () => reply.integer(keys)],
    ['keys.bytes-per-key', () => reply.integer(Math.floor(quotient(used - startup, keys)))],
    ['dataset.bytes', () => reply.integer(dataset)],
    ['dataset.percentage', () => reply.double(quotient(dataset * 100, used - startup))],
    ['peak.percentage', () => reply.double(quotient(used * 100, peak))],
    ...allocatorFields(reply, figures),
  ];
  reply.map(fields.length);
  for (const [name, write] of fields) {
    reply.text(name);
    write();
  }
}

function replyDatabase(reply: Reply, indexBytes: number, expiryBytes: number): void {
  reply.map(3);
  reply.text('overhead.hashtable.main');
  reply.integer(indexBytes);
  reply.text('overhead.hashtable.expires');
  reply.integer(expiryBytes);
  reply.text('overhead.hashtable.slot-to-keys');
  reply.integer(0);
}

function allocatorFields(
  reply: Reply,
  { used, held, committed, resident }: MemoryFigures,
): (readonly [name: string, write: () => void])[] {
  return [
    ['allocator.allocated', () => reply.integer(used)],
    ['allocator.active', () => reply.integer(held)],
    ['allocator.resident', () => reply.integer(committed)],
    ['allocator-fragmentation.ratio', () => reply.double(quotient(held, used))],
    ['allocator-fragmentation.bytes', () => reply.integer(held - used)],
    ['allocator-rss.ratio', () => reply.double(quotient(committed, held))],
    ['allocator-rss.bytes', () => reply.integer(committed - held)],
    ['rss-overhead.ratio', () => reply.double(quotient(resident, committed))],
    ['rss-overhead.bytes', () => reply.integer(resident - committed)],
    ['fragmentation', () => reply.double(quotient(resident, used))],
    ['fragmentation.bytes', () => reply.integer(resident - used)],
  ];
}

function quotient(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** Something that may be wrong, and what to say then. */
interface Finding {
  applies(figures: MemoryFigures, clientCount: number): boolean;
  readonly text: string;
}

const FINDINGS: readonly Finding[] = [
  {
    applies: ({ peak, used }) => peak > used * 1.5,
    text:
      'Peak: the data once took more than 1.5 times the memory that it takes now. What the ' +
      'process has not given back since then counts as fragmentation and will be used again.',
  },
  {
    applies: ({ held, used }) => exceeds(held, used, 1.4),
    text:
      'Fragmentation: many blocks were freed out of pages that still hold others. ' +
      "'activedefrag yes' moves what is left together.",
  },
  {
    applies: ({ committed, held }) => exceeds(committed, held, 1.1),
    text:
      'Free pages: extents have pages that are free after use. They go back to the system when ' +
      'the rest of their extent is free, or are used again before.',
  },
  {
    applies: ({ resident, committed }) => exceeds(resident, committed + RUNTIME_BYTES, 1.1),
    text:
      'Process: much memory is used outside of the data set, by buffers of clients and by the ' +
      'JavaScript runtime. See used_memory_javascript in INFO memory.',
  },
  {
    applies: ({ clients }, clientCount) => clients > clientCount * CLIENT_BYTES_MAX,
    text:
      'Clients: their buffers hold more than 200 kB each on average. Some read their replies too ' +
      "slowly: CLIENT LIST shows them, 'client-output-buffer-limit' bounds them.",
  },
  {
    applies: ({ exceededMs }) => exceededMs > 0,
    text:
      'Limit: memory is beyond maxmemory, as nothing may be evicted or eviction cannot keep up. See ' +
      "'maxmemory-policy' and 'maxmemory-eviction-tenacity'.",
  },
];

/** What to make of the figures, in sentences; `clientCount` clients share the buffers. */
export function diagnose(figures: MemoryFigures, clientCount: number): string {
  if (figures.used < SMALL_BYTES) {
    return 'There is too little data for a diagnosis. Ask again when there is more.\n';
  }
  const found = FINDINGS.filter((finding) => finding.applies(figures, clientCount));
  if (found.length === 0) return 'No problem was found in the use of memory.\n';
  return `${found.map(({ text }) => ` * ${text}`).join('\n\n')}\n`;
}

/** Whether there is more than `factor` times as much, and the difference is worth speaking of. */
function exceeds(bytes: number, base: number, factor: number): boolean {
  return bytes > base * factor && bytes - base > 10 * MEGABYTE;
}

/**
 * The state of the arena as a table: one line per size class that has pages, then the larger
 * blocks.
 */
export function arenaTable(heap: Heap): string {
  const pageCounts = new Float64Array(CLASS_COUNT);
  const blockCounts = new Float64Array(CLASS_COUNT);
  for (const page of heap.pages.pagesInUse()) {
    const sizeClass = heap.pages.classOf[page]! - 1;
    pageCounts[sizeClass]! += 1;
    blockCounts[sizeClass]! += heap.pages.live[page]!;
  }
  const lines = [
    `Arena: ${heap.usedBytes} bytes used, ${heap.heldBytes} held`,
    row('block bytes', 'pages', 'blocks', 'used %'),
  ];
  for (const [sizeClass, blockBytes] of CLASS_BYTES.entries()) {
    const pages = pageCounts[sizeClass]!;
    const blocks = blockCounts[sizeClass]!;
    if (pages === 0) continue;
    const share = (blocks * blockBytes * 100) / (pages * PAGE_BYTES);
    lines.push(row(blockBytes, pages, blocks, share.toFixed(1)));
  }
  lines.push(blocksLine('Runs', usedRuns(heap)), blocksLine('Huge blocks', heap.hugeBlocks()));
  return `${lines.join('\n')}\n`;
}

function row(...cells: readonly (string | number)[]): string {
  return cells.map((cell) => String(cell).padStart(12)).join('');
}

function* usedRuns({ runs }: Heap): Generator<{ readonly bytes: number }> {
  for (const extent of runs.extents()) {
    for (const run of runs.runsOf(extent)) if (!run.isFree) yield run;
  }
}

function blocksLine(name: string, blocks: Iterable<{ readonly bytes: number }>): string {
  let count = 0;
  let total = 0;
  for (const { bytes } of blocks) {
    count++;
    total += bytes;
  }
  return `${name}: ${count}, ${total} bytes`;
}
