/** What the package offers to programs: an engine that runs inside of them. */
export {
  type BufferValue,
  type CommandArgument,
  type CommandArguments,
  type Directives,
  type DirectiveValue,
  type EmbeddedRedstart,
  type ListenOptions,
  type OpenOptions,
  openRedstart,
  type Value,
} from './embedded.ts';
export type {
  ChannelMessage,
  ChannelNames,
  MessageListener,
  Subscription,
} from './embedded-subscription.ts';
export { ConfigurationError } from './engine/config-error.ts';
export type { Log } from './engine/log.ts';
export { SnapshotLoadError } from './persistence/snapshots.ts';
export { ReplyError } from './protocol/value-writer.ts';
export { ListenError } from './server/tcp-sockets.ts';
