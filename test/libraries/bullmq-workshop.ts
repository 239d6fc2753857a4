import {
  type ConnectionOptions,
  FlowProducer,
  type Processor,
  Queue,
  QueueEvents,
  type QueueOptions,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import { createClient } from 'redis';

/** A connection as BullMQ takes it, and how to end it. */
export interface QueueConnection {
  readonly connection: ConnectionOptions;
  end(): Promise<unknown>;
}

/** The drivers that BullMQ talks to the server with. */
export const drivers = {
  ioredis: async (port: number): Promise<QueueConnection> => {
    const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
    return { connection, end: async () => undefined };
  },
  'node-redis': async (port: number): Promise<QueueConnection> => {
    const client = createClient({ socket: { host: '127.0.0.1', port } });
    // Every queue and worker listens to the one client.
    client.setMaxListeners(0);
    await client.connect();
    return { connection: client, end: () => client.close() };
  },
};

let queues = 0;

/** The queues, workers and listeners of one test, all of them closed by close(). */
export class Workshop {
  readonly connection: ConnectionOptions;
  readonly #open: { close(force?: boolean): Promise<void> }[] = [];

  constructor(connection: ConnectionOptions) {
    this.connection = connection;
  }

  /** A queue with a name that no other has. */
  queue(options: Partial<QueueOptions> = {}): Queue {
    const queue = new Queue(`queue-${process.pid}-${queues++}`, {
      connection: this.connection,
      ...options,
    });
    return this.#keep(queue);
  }

  /** A worker that is ready to take jobs. */
  async worker(
    queue: Queue,
    processor: Processor | string,
    options: Partial<WorkerOptions> = {},
  ): Promise<Worker> {
    const worker = this.#keep(
      new Worker(queue.name, processor, { connection: this.connection, ...options }),
    );
    await worker.waitUntilReady();
    return worker;
  }

  /** A listener to the events of a queue that misses none from now on. */
  async events(queue: Queue): Promise<QueueEvents> {
    const connection = this.connection;
    const events = this.#keep(new QueueEvents(queue.name, { connection, lastEventId: '0' }));
    await events.waitUntilReady();
    return events;
  }

  /** A producer of trees of jobs. */
  flows(): FlowProducer {
    return this.#keep(new FlowProducer({ connection: this.connection }));
  }

  /** Closes everything, the last first. */
  async close(): Promise<void> {
    for (const one of this.#open.splice(0).reverse()) await one.close();
  }

  #keep<T extends { close(force?: boolean): Promise<void> }>(one: T): T {
    this.#open.push(one);
    return one;
  }
}
