import type { CommandMetadata } from './command-metadata.ts';

/** ZRANK and ZREVRANK. */
const withScoreIn72: Partial<CommandMetadata> = {
  arity: -3,
  history: '7.2.0',
  arguments: 'key:key#0 member:string withscore:pure-token=WITHSCORE?',
};

/** What is common to the commands that search for places. */
const units = 'unit:oneof(m:pure-token=M km:pure-token=KM ft:pure-token=FT mi:pure-token=MI)';
const order = 'order:oneof?(asc:pure-token=ASC desc:pure-token=DESC)';
const parts =
  'withcoord:pure-token=WITHCOORD? withdist:pure-token=WITHDIST? withhash:pure-token=WITHHASH?';
const places = 'count-block:block?(count:integer=COUNT any:pure-token=ANY?)';
const placesSince = 'count-block:block?(count:integer=COUNT any:pure-token=ANY@6.2.0?)';
const centerAndArea =
  'from:oneof(member:string=FROMMEMBER ' +
  'fromlonlat:block=FROMLONLAT(longitude:double latitude:double)) ' +
  `by:oneof(circle:block(radius:double=BYRADIUS ${units}) ` +
  `box:block(width:double=BYBOX height:double ${units})) ${order} ${places}`;
const circleStore = 'store:oneof?(storekey:key~key#1=STORE storedistkey:key~key#2=STOREDIST)';
const aroundPlace = `key:key#0 longitude:double latitude:double radius:double ${units}`;
const aroundMember = `key:key#0 member:string radius:double ${units}`;

const sortArguments =
  'key:key#0 by-pattern:pattern~pattern#1=BY? limit:block=LIMIT?(offset:integer count:integer) ' +
  `get-pattern:pattern~pattern#1=GET?*+ ${order} sorting:pure-token=ALPHA?`;

/**
 * Where the commands of 7.2 describe themselves otherwise than those of 7.0, from its published
 * command tables; of the families that are compared so far.
 */
export const changedIn72: { readonly [command: string]: Partial<CommandMetadata> } = {
  bitcount: {
    arguments:
      'key:key#0 range:block?(start:integer end:integer ' +
      'unit:oneof@7.0.0?(byte:pure-token=BYTE bit:pure-token=BIT))',
  },
  bitfield: {
    arguments:
      'key:key#0 operation:oneof?*(get-block:block=GET(encoding:string offset:integer) ' +
      'write:block(overflow-block:oneof=OVERFLOW?(' +
      'wrap:pure-token=WRAP sat:pure-token=SAT fail:pure-token=FAIL) ' +
      'write-operation:oneof(set-block:block=SET(encoding:string offset:integer value:integer) ' +
      'incrby-block:block=INCRBY(encoding:string offset:integer increment:integer))))',
  },
  bitfield_ro: {
    arguments: 'key:key#0 get-block:block=GET?*+(encoding:string offset:integer)',
  },
  bitop: {
    arguments:
      'operation:oneof(and:pure-token=AND or:pure-token=OR ' +
      'xor:pure-token=XOR not:pure-token=NOT) destkey:key#0 key:key#1*',
  },
  bitpos: {
    arguments:
      'key:key#0 bit:integer range:block?(start:integer end-unit-block:block?(end:integer ' +
      'unit:oneof@7.0.0?(byte:pure-token=BYTE bit:pure-token=BIT)))',
  },
  // Those that wait may be called by scripts, where they do not.
  blmove: { flags: 'blocking denyoom write' },
  blpop: { flags: 'blocking write' },
  brpop: { flags: 'blocking write' },
  brpoplpush: { flags: 'blocking denyoom write' },
  bzpopmax: { flags: 'blocking fast write' },
  bzpopmin: { flags: 'blocking fast write' },
  'client|kill': {
    arguments:
      'filter:oneof(old-format:string~ip:port!2.8.12 new-format:oneof*(client-id:integer=ID@2.8.12? ' +
      'client-type:oneof=TYPE@2.8.12?(normal:pure-token=NORMAL master:pure-token=MASTER@3.2.0 ' +
      'slave:pure-token=SLAVE replica:pure-token=REPLICA@5.0.0 pubsub:pure-token=PUBSUB) ' +
      'username:string=USER? addr:string~ip:port=ADDR? laddr:string~ip:port=LADDR@6.2.0? ' +
      'skipme:oneof=SKIPME?(yes:pure-token=YES no:pure-token=NO)))',
  },
  'client|list': {
    arguments:
      'client-type:oneof=TYPE@5.0.0?(normal:pure-token=NORMAL master:pure-token=MASTER ' +
      'replica:pure-token=REPLICA pubsub:pure-token=PUBSUB) client-id:integer=ID@6.2.0?*',
  },
  'client|pause': { since: '3.0.0' },
  'client|reply': {
    arguments: 'action:oneof(on:pure-token=ON off:pure-token=OFF skip:pure-token=SKIP)',
  },
  'client|setname': { tips: 'request_policy:all_nodes response_policy:all_succeeded' },
  'client|unblock': {
    arguments:
      'client-id:integer unblock-type:oneof?(timeout:pure-token=TIMEOUT error:pure-token=ERROR)',
  },
  'command|getkeys': { arity: -3, arguments: 'command:string arg:string?*' },
  'command|getkeysandflags': { arity: -3, arguments: 'command:string arg:string?*' },
  'config|get': { arguments: 'parameter:string*' },
  'config|resetstat': { tips: 'request_policy:all_nodes response_policy:all_succeeded' },
  'config|rewrite': { tips: 'request_policy:all_nodes response_policy:all_succeeded' },
  'config|set': { arguments: 'data:block*(parameter:string value:string)' },
  flushall: {
    arguments: 'flush-type:oneof?(async:pure-token=ASYNC@4.0.0 sync:pure-token=SYNC@6.2.0)',
  },
  flushdb: {
    arguments: 'flush-type:oneof?(async:pure-token=ASYNC@4.0.0 sync:pure-token=SYNC@6.2.0)',
  },
  geoadd: {
    arguments:
      'key:key#0 condition:oneof@6.2.0?(nx:pure-token=NX xx:pure-token=XX) ' +
      'change:pure-token=CH@6.2.0? data:block*(longitude:double latitude:double member:string)',
  },
  geohash: { arguments: 'key:key#0 member:string?*' },
  geopos: { arguments: 'key:key#0 member:string?*' },
  georadius: { arguments: `${aroundPlace} ${parts} ${placesSince} ${order} ${circleStore}` },
  georadius_ro: {
    history: '6.2.0 7.0.0',
    arguments: `${aroundPlace} ${parts} ${placesSince} ${order}`,
  },
  georadiusbymember: {
    history: '6.2.0 7.0.0',
    arguments: `${aroundMember} ${parts} ${places} ${order} ${circleStore}`,
  },
  georadiusbymember_ro: {
    history: '6.2.0 7.0.0',
    arguments: `${aroundMember} ${parts} ${places} ${order}`,
  },
  geosearch: { arguments: `key:key#0 ${centerAndArea} ${parts}` },
  geosearchstore: {
    arguments: `destination:key#0 source:key#1 ${centerAndArea} storedist:pure-token=STOREDIST?`,
  },
  hello: {
    arguments:
      'arguments:block?(protover:integer auth:block=AUTH?(username:string password:string) ' +
      'clientname:string=SETNAME?)',
  },
  'latency|reset': { tips: 'request_policy:all_nodes response_policy:agg_sum' },
  hmset: { arguments: 'key:key#0 data:block*(field:string value:string)' },
  hset: { arguments: 'key:key#0 data:block*(field:string value:string)' },
  lcs: {
    arguments:
      'key1:key#0 key2:key#0 len:pure-token=LEN? idx:pure-token=IDX? ' +
      'min-match-len:integer=MINMATCHLEN? withmatchlen:pure-token=WITHMATCHLEN?',
  },
  mset: { arguments: 'data:block*(key:key#0 value:string)' },
  msetnx: { arguments: 'data:block*(key:key#0 value:string)', tips: '' },
  pfmerge: { arguments: 'destkey:key#0 sourcekey:key#1?*' },
  psetex: deprecated('2.6.12'),
  quit: deprecated('7.2.0'),
  randomkey: {
    tips: 'nondeterministic_output request_policy:all_shards response_policy:special',
  },
  scan: { tips: 'nondeterministic_output request_policy:special response_policy:special' },
  setex: deprecated('2.6.12'),
  setnx: deprecated('2.6.12'),
  shutdown: {
    arguments:
      'save-selector:oneof?(nosave:pure-token=NOSAVE save:pure-token=SAVE) ' +
      'now:pure-token=NOW@7.0.0? force:pure-token=FORCE@7.0.0? abort:pure-token=ABORT@7.0.0?',
  },
  sort: { arguments: `${sortArguments} destination:key#2=STORE?` },
  sort_ro: { arguments: sortArguments },
  xadd: {
    arguments:
      'key:key#0 nomkstream:pure-token=NOMKSTREAM@6.2.0? trim:block?(strategy:oneof(' +
      'maxlen:pure-token=MAXLEN minid:pure-token=MINID@6.2.0) operator:oneof?(equal:pure-token== ' +
      'approximately:pure-token=~) threshold:string count:integer=LIMIT@6.2.0?) ' +
      'id-selector:oneof(auto-id:pure-token=* id:string) data:block*(field:string value:string)',
  },
  xclaim: {
    arguments:
      'key:key#0 group:string consumer:string min-idle-time:string id:string* ms:integer=IDLE? ' +
      'unix-time-milliseconds:unix-time=TIME? count:integer=RETRYCOUNT? force:pure-token=FORCE? ' +
      'justid:pure-token=JUSTID? lastid:string=LASTID?',
  },
  'xgroup|create': {
    arguments:
      'key:key#0 group:string id-selector:oneof(id:string new-id:pure-token=$) ' +
      'mkstream:pure-token=MKSTREAM? entriesread:integer~entries-read=ENTRIESREAD?',
  },
  'xgroup|createconsumer': { arguments: 'key:key#0 group:string consumer:string' },
  'xgroup|delconsumer': { arguments: 'key:key#0 group:string consumer:string' },
  'xgroup|destroy': { arguments: 'key:key#0 group:string' },
  'xgroup|setid': {
    arguments:
      'key:key#0 group:string id-selector:oneof(id:string new-id:pure-token=$) ' +
      'entriesread:integer~entries-read=ENTRIESREAD?',
  },
  'xinfo|consumers': { arguments: 'key:key#0 group:string', history: '7.2.0' },
  'xinfo|stream': {
    arguments: 'key:key#0 full-block:block?(full:pure-token=FULL count:integer=COUNT?)',
    history: '6.0.0 7.0.0 7.2.0',
  },
  xreadgroup: {
    arguments:
      'group-block:block=GROUP(group:string consumer:string) count:integer=COUNT? ' +
      'milliseconds:integer=BLOCK? noack:pure-token=NOACK? streams:block=STREAMS(key:key#0* id:string*)',
  },
  xsetid: {
    arguments:
      'key:key#0 last-id:string entries-added:integer=ENTRIESADDED@7.0.0? ' +
      'max-deleted-id:string=MAXDELETEDID@7.0.0?',
  },
  zadd: {
    arguments:
      'key:key#0 condition:oneof@3.0.2?(nx:pure-token=NX xx:pure-token=XX) ' +
      'comparison:oneof@6.2.0?(gt:pure-token=GT lt:pure-token=LT) change:pure-token=CH@3.0.2? ' +
      'increment:pure-token=INCR@3.0.2? data:block*(score:double member:string)',
  },
  zrange: {
    arguments:
      'key:key#0 start:string stop:string sortby:oneof@6.2.0?(' +
      'byscore:pure-token=BYSCORE bylex:pure-token=BYLEX) rev:pure-token=REV@6.2.0? ' +
      'limit:block=LIMIT@6.2.0?(offset:integer count:integer) withscores:pure-token=WITHSCORES?',
  },
  zrangebylex: {
    arguments: 'key:key#0 min:string max:string limit:block=LIMIT?(offset:integer count:integer)',
  },
  zrangebyscore: {
    arguments:
      'key:key#0 min:double max:double withscores:pure-token=WITHSCORES@2.0.0? ' +
      'limit:block=LIMIT?(offset:integer count:integer)',
  },
  zrangestore: {
    arguments:
      'dst:key#0 src:key#1 min:string max:string sortby:oneof?(' +
      'byscore:pure-token=BYSCORE bylex:pure-token=BYLEX) rev:pure-token=REV? ' +
      'limit:block=LIMIT?(offset:integer count:integer)',
  },
  zrank: withScoreIn72,
  zrevrangebylex: {
    arguments: 'key:key#0 max:string min:string limit:block=LIMIT?(offset:integer count:integer)',
  },
  zrevrangebyscore: {
    arguments:
      'key:key#0 max:double min:double withscores:pure-token=WITHSCORES? ' +
      'limit:block=LIMIT?(offset:integer count:integer)',
  },
  zrevrank: withScoreIn72,
  wait: { flags: '' },
};

/** The commands that came with 7.2, of the families that are compared so far. */
export const newIn72: { readonly [command: string]: CommandMetadata } = {
  'client|no-touch': ofConnection({
    arity: 3,
    arguments: 'enabled:oneof(on:pure-token=ON off:pure-token=OFF)',
  }),
  'client|setinfo': ofConnection({
    arity: 4,
    tips: 'request_policy:all_nodes response_policy:all_succeeded',
    arguments: 'attr:oneof(libname:string=LIB-NAME libver:string=LIB-VER)',
  }),
  waitaof: ofConnection({
    arity: 4,
    flags: 'noscript',
    tips: 'request_policy:all_shards response_policy:agg_min',
    group: 'generic',
    arguments: 'numlocal:integer numreplicas:integer timeout:integer',
  }),
};

function deprecated(since: string): Partial<CommandMetadata> {
  return {
    docFlags: 'deprecated',
    deprecatedSince: since,
    texts: 'summary complexity replaced_by',
  };
}

function ofConnection(own: Partial<CommandMetadata>): CommandMetadata {
  return {
    arity: 0,
    flags: 'loading noscript stale',
    keys: '0 0 0',
    categories: '@connection @slow',
    tips: '',
    keySpecs: '',
    group: 'connection',
    since: '7.2.0',
    history: '',
    docFlags: '',
    deprecatedSince: '',
    texts: 'summary complexity',
    arguments: '',
    ...own,
  };
}
