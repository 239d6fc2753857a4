/**
 * ACL categories, derived from what a command block already says. A block lists under `categories`
 * only what does not follow from its group and flags.
 */

/** Every category, in the order in which Redis lists them. */
export const allCategories = [
  'keyspace',
  'read',
  'write',
  'set',
  'sortedset',
  'list',
  'hash',
  'string',
  'bitmap',
  'hyperloglog',
  'geo',
  'stream',
  'pubsub',
  'admin',
  'fast',
  'slow',
  'blocking',
  'dangerous',
  'connection',
  'transaction',
  'scripting',
] as const;

export type Category = (typeof allCategories)[number];

/** The part of a command block that decides its categories. */
interface Categorized {
  readonly group: string;
  readonly flags: readonly string[];
  readonly categories?: readonly string[];
}

/** The category that the commands of a group share; those of pubsub follow from their flag. */
const categoryOfGroup: ReadonlyMap<string, Category | undefined> = new Map([
  ['server', undefined],
  ['cluster', undefined],
  ['pubsub', undefined],
  ['generic', 'keyspace'],
  ['string', 'string'],
  ['list', 'list'],
  ['set', 'set'],
  ['sorted-set', 'sortedset'],
  ['hash', 'hash'],
  ['bitmap', 'bitmap'],
  ['hyperloglog', 'hyperloglog'],
  ['geo', 'geo'],
  ['stream', 'stream'],
  ['connection', 'connection'],
  ['transactions', 'transaction'],
  ['scripting', 'scripting'],
]);

const categoriesOfFlag: ReadonlyMap<string, readonly Category[]> = new Map([
  ['write', ['write']],
  ['readonly', ['read']],
  ['admin', ['admin', 'dangerous']],
  ['pubsub', ['pubsub']],
  ['blocking', ['blocking']],
  ['fast', ['fast']],
]);

const topics: ReadonlySet<string | undefined> = new Set(categoryOfGroup.values());

/**
 * The categories of a command, in Redis's order and without the `@`. Throws for a group or a
 * category that there is not.
 *
 * A listed category that is the topic of some group replaces that of the command's own group: SORT
 * is generic and lists set, sortedset and list, so keyspace is not one of its own. A command
 * without flags (a container such as CLIENT) is slow and nothing else. Reading is not a category of
 * scripting commands, because a script may do anything.
 */
export function categoriesOf(command: Categorized): Category[] {
  const { group, flags, categories: listed = [] } = command;
  const found = new Set<string>(listed);
  for (const flag of flags) {
    for (const category of categoriesOfFlag.get(flag) ?? []) found.add(category);
  }
  if (!flags.includes('fast')) found.add('slow');
  if (group === 'scripting') found.delete('read');

  if (!categoryOfGroup.has(group)) throw new Error(`no group is called ${group}`);
  const topic = categoryOfGroup.get(group);
  const isReplaced = listed.some((category) => topics.has(category));
  if (topic && flags.length > 0 && !isReplaced) found.add(topic);

  const categories = allCategories.filter((category) => found.delete(category));
  for (const unknown of found) throw new Error(`no category is called ${unknown}`);
  return categories;
}
