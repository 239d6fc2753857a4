/**
 * What can happen to a key. Each event is one constant; its class is the letter of
 * `notify-keyspace-events`, or empty for a change that is not announced under a name of its own.
 */

/** A kind of change, as keyspace notifications name it. */
export interface KeyEvent {
  readonly name: string;
  /**
   * Letter of notify-keyspace-events: g generic, $ string, l list, s set, h hash, z zset, t stream,
   * x, e, m, n.
   */
  readonly class: string;
}

function event(name: string, eventClass: string): KeyEvent {
  return Object.freeze({ name, class: eventClass });
}

export const DELETED: KeyEvent = event('del', 'g');
export const EXPIRED: KeyEvent = event('expired', 'x');
export const EVICTED: KeyEvent = event('evicted', 'e');
export const NEW: KeyEvent = event('new', 'n');
export const KEY_MISS: KeyEvent = event('keymiss', 'm');
export const EXPIRY_SET: KeyEvent = event('expire', 'g');
export const PERSISTED: KeyEvent = event('persist', 'g');
export const RENAMED_FROM: KeyEvent = event('rename_from', 'g');
export const RENAMED_TO: KeyEvent = event('rename_to', 'g');
export const MOVED_FROM: KeyEvent = event('move_from', 'g');
export const MOVED_TO: KeyEvent = event('move_to', 'g');
export const COPIED_TO: KeyEvent = event('copy_to', 'g');
export const RESTORED: KeyEvent = event('restore', 'g');
export const STRING_SET: KeyEvent = event('set', '$');
export const APPENDED: KeyEvent = event('append', '$');
export const RANGE_SET: KeyEvent = event('setrange', '$');
export const INCREMENTED: KeyEvent = event('incrby', '$');
export const FLOAT_INCREMENTED: KeyEvent = event('incrbyfloat', '$');
export const BIT_SET: KeyEvent = event('setbit', '$');
export const HYPERLOGLOG_CHANGED: KeyEvent = event('pfadd', '$');
/** The bytes of a value changed in a way that Redis announces to nobody. */
export const REWRITTEN: KeyEvent = event('rewritten', '');
export const PUSHED_FIRST: KeyEvent = event('lpush', 'l');
export const PUSHED_LAST: KeyEvent = event('rpush', 'l');
export const POPPED_FIRST: KeyEvent = event('lpop', 'l');
export const POPPED_LAST: KeyEvent = event('rpop', 'l');
export const LIST_INSERTED: KeyEvent = event('linsert', 'l');
export const LIST_SET: KeyEvent = event('lset', 'l');
export const LIST_REMOVED: KeyEvent = event('lrem', 'l');
export const LIST_TRIMMED: KeyEvent = event('ltrim', 'l');
export const SORTED_STORED: KeyEvent = event('sortstore', 'l');
export const FIELD_SET: KeyEvent = event('hset', 'h');
export const FIELD_INCREMENTED: KeyEvent = event('hincrby', 'h');
export const FIELD_FLOAT_INCREMENTED: KeyEvent = event('hincrbyfloat', 'h');
export const FIELD_DELETED: KeyEvent = event('hdel', 'h');
export const MEMBERS_ADDED: KeyEvent = event('sadd', 's');
export const MEMBERS_DELETED: KeyEvent = event('srem', 's');
export const MEMBERS_POPPED: KeyEvent = event('spop', 's');
export const INTERSECTION_STORED: KeyEvent = event('sinterstore', 's');
export const UNION_STORED: KeyEvent = event('sunionstore', 's');
export const DIFFERENCE_STORED: KeyEvent = event('sdiffstore', 's');
export const SCORED: KeyEvent = event('zadd', 'z');
export const SCORE_INCREMENTED: KeyEvent = event('zincr', 'z');
export const MEMBER_UNSCORED: KeyEvent = event('zrem', 'z');
export const RANKS_REMOVED: KeyEvent = event('zremrangebyrank', 'z');
export const SCORES_REMOVED: KeyEvent = event('zremrangebyscore', 'z');
export const MEMBERS_REMOVED: KeyEvent = event('zremrangebylex', 'z');
export const POPPED_LEAST: KeyEvent = event('zpopmin', 'z');
export const POPPED_GREATEST: KeyEvent = event('zpopmax', 'z');
export const RANGE_STORED: KeyEvent = event('zrangestore', 'z');
export const SCORED_UNION_STORED: KeyEvent = event('zunionstore', 'z');
export const SCORED_INTERSECTION_STORED: KeyEvent = event('zinterstore', 'z');
export const SCORED_DIFFERENCE_STORED: KeyEvent = event('zdiffstore', 'z');
export const PLACES_STORED: KeyEvent = event('geosearchstore', 'z');
export const PLACES_STORED_BY_RADIUS: KeyEvent = event('georadiusstore', 'z');
export const ENTRY_ADDED: KeyEvent = event('xadd', 't');
export const ENTRY_DELETED: KeyEvent = event('xdel', 't');
export const STREAM_TRIMMED: KeyEvent = event('xtrim', 't');
export const STREAM_ID_SET: KeyEvent = event('xsetid', 't');
export const GROUP_CREATED: KeyEvent = event('xgroup-create', 't');
export const GROUP_ID_SET: KeyEvent = event('xgroup-setid', 't');
export const GROUP_DESTROYED: KeyEvent = event('xgroup-destroy', 't');
export const CONSUMER_CREATED: KeyEvent = event('xgroup-createconsumer', 't');
export const CONSUMER_DELETED: KeyEvent = event('xgroup-delconsumer', 't');
/** What is pending in a consumer group, and with whom, changed: Redis announces it to nobody. */
export const PENDING_CHANGED: KeyEvent = event('pending', '');
