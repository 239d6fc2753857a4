/**
 * What the clients of random schedules send. A command is written as a template: `$l` and its like
 * stand for a name, a value or a script, `A|B` for one of the two.
 */

/** Scripts, of which templates speak by name. The last is a library of functions. */
export const SCRIPTS: { readonly [name: string]: string } = {
  $push2: `redis.call('RPUSH', KEYS[1], ARGV[1]) redis.call('RPUSH', KEYS[2], ARGV[1])
    return redis.call('LLEN', KEYS[1])`,
  $setAndGet: `redis.call('SET', KEYS[1], 'x') return redis.call('GET', KEYS[2])`,
  $get: `return redis.call('GET', KEYS[1])`,
  $fail: `redis.call('RPUSH', KEYS[1], 'x') return redis.error_reply('MY error')`,
  $publish: `redis.call('SET', KEYS[1], ARGV[1]) return redis.call('PUBLISH', 'c1', ARGV[1])`,
  $protected: `local answer = redis.pcall('INCR', KEYS[1]) redis.call('DEL', KEYS[2])
    return answer`,
  $select: `redis.call('SELECT', ARGV[1]) return redis.call('SET', KEYS[1], 'there')`,
};

/** Functions that schedules call. */
export const FUNCTIONS = `#!lua name=schedule
redis.register_function('push', function(keys, args)
  return redis.call('RPUSH', keys[1], args[1])
end)
redis.register_function{function_name='peek', flags={'no-writes'}, callback=function(keys)
  return redis.call('LLEN', keys[1])
end}`;

/** Keys by type: a key may come to hold another one. */
export const NAMES: { readonly [name: string]: readonly string[] } = {
  $a: ['a', 'b'],
  $l: ['l1', 'l2', 'l3'],
  $z: ['z1', 'z2'],
  $s: ['s1', 's2'],
  $t: ['t1', 't2'],
  $k: ['a', 'b', 'l1', 'l2', 'l3', 'z1', 'z2', 's1', 's2', 't1', 't2', 'h'],
  $c: ['c1', 'c2'],
  $m: ['~1', '~2', '~3'],
};

/** Every key of a schedule, and where results are stored for which nobody waits. */
export const KEYS: readonly string[] = [...NAMES.$k!, 'o1', 'o2', 'g1', 'p', 'n'];

/** Commands of one kind, and how often one of them is chosen. */
export type Family = {
  readonly weight: number;
  readonly commands: readonly string[];
};

export const CHANGES: Family = {
  weight: 12,
  commands: [
    'RPUSH $l $v',
    'RPUSH $l $v $v $v',
    'LPUSH $l $v $v',
    'RPUSHX|LPUSHX $l $v',
    'LPOP|RPOP $l',
    'LMOVE $l $l LEFT|RIGHT LEFT|RIGHT',
    'RPOPLPUSH $l $l',
    'LMPOP 2 $l $l LEFT|RIGHT COUNT 1|2',
    'LTRIM $l 1 -1',
    'LSET $l 0 $v',
    'LREM $l 0 $v',
    'LINSERT $l BEFORE|AFTER x $v',
    'ZADD $z $d m1|m2|m3',
    'ZADD $z $d m1 $d m2',
    'ZADD $z NX|XX|GT|LT $d m1|m2',
    'ZINCRBY $z 1 m1|m2',
    'ZPOPMIN|ZPOPMAX $z',
    'ZREM $z m1',
    'ZRANGESTORE o1 $z 0 -1',
    'XADD $s $x f $v',
    'XADD $s MAXLEN 2 $x f $v',
    'XTRIM $s MAXLEN 1',
    'SADD $t $m $m',
    'SREM $t $m',
    'SUNIONSTORE|SDIFFSTORE o2 t1 t2',
    'HSET h f $v',
    'HDEL h f',
    'SORT $l BY nosort STORE o1',
    'SET $k $v',
    'SET $a $v XX|NX GET|KEEPTTL',
    'SETEX $a 100 $v',
    'GETSET|APPEND $a $v',
    'GETDEL $a',
    'GETEX $a PERSIST',
    'INCR $a|n',
    'SETRANGE $a 1 x',
    'MSET|MSETNX a $v b $v',
    'PFADD p $v',
    'PFCOUNT p',
    'DEL|UNLINK $k',
    'DEL|UNLINK $k $k $k',
    'RENAME|RENAMENX $k $k',
    'RENAME o1|o2 $k',
    'COPY $k $k',
    'COPY $k $k REPLACE',
    'EXPIRE $k -1|100',
    'PERSIST $k',
  ],
};

export const READS: Family = {
  weight: 5,
  commands: [
    'GET $k',
    'MGET $a $k',
    'LRANGE $l 0 -1',
    'EXISTS $k $k',
    'TYPE|TTL|TOUCH $k',
    'STRLEN $a',
    'LLEN $l',
    'ZRANGE $z 0 -1 WITHSCORES',
    'ZSCORE $z m1',
    'XLEN $s',
    'XRANGE $s - +',
    'XREAD COUNT 2 STREAMS $s 0',
    'SMEMBERS $t',
    'SINTER|SUNION t1 t2',
    'HGETALL h',
    'DBSIZE',
    'PING',
    'PING|ECHO $v',
    'NOSUCH $v',
    'GET',
  ],
};

export const FAMILIES: { readonly [name: string]: Family } = {
  waits: {
    weight: 5,
    commands: [
      'BLPOP|BRPOP $l 0',
      'BLPOP|BRPOP $l $l 0',
      'BLPOP|BRPOP $l $l $l 0',
      'BLPOP $k 0',
      'BLMOVE $l $l LEFT|RIGHT LEFT|RIGHT 0',
      'BRPOPLPUSH $l $l 0',
      'BLMPOP 0 2 $l $l LEFT|RIGHT COUNT 1|3',
      'BZPOPMIN|BZPOPMAX $z 0',
      'BZPOPMIN|BZPOPMAX $z $z 0',
      'BZMPOP 0 1 $z MIN|MAX COUNT 1|3',
      'XREAD BLOCK 0 STREAMS $s $$',
      'XREAD COUNT 1|2 BLOCK 0 STREAMS $s 0',
      'XREADGROUP GROUP g x|y BLOCK 0 STREAMS g1 >',
      'XREADGROUP GROUP g x|y NOACK BLOCK 0 STREAMS g1 >',
      'XADD g1 $x f $v',
      'XGROUP CREATE g1 g $$|0 MKSTREAM',
      'XREADGROUP GROUP g x STREAMS g1 0',
      'WAIT 1 0',
      'WAIT 0 0',
      'CLIENT UNBLOCK $i',
      'CLIENT UNBLOCK $i ERROR|TIMEOUT',
    ],
  },
  transactions: {
    weight: 5,
    commands: [
      'MULTI',
      'MULTI',
      'EXEC',
      'EXEC',
      'EXEC',
      'DISCARD',
      'WATCH $k',
      'WATCH $k $k',
      'WATCH o1|g1|n $k',
      'UNWATCH',
      'MULTI x',
    ],
  },
  messages: {
    weight: 4,
    commands: [
      'SUBSCRIBE $c',
      'SUBSCRIBE $c $c',
      'UNSUBSCRIBE $c',
      'UNSUBSCRIBE',
      'PSUBSCRIBE c* *1',
      'PSUBSCRIBE c?|*|[a-c]*',
      'PUNSUBSCRIBE c*',
      'PUNSUBSCRIBE',
      'SSUBSCRIBE $c',
      'SUNSUBSCRIBE $c',
      'SUNSUBSCRIBE',
      'PUBLISH $c $v',
      'PUBLISH $c $v',
      'PUBLISH $c $v',
      'SPUBLISH $c $v',
      'PUBSUB NUMSUB|SHARDNUMSUB c1 c2',
      'PUBSUB NUMPAT',
    ],
  },
  notifications: {
    weight: 2,
    commands: [
      'SUBSCRIBE __keyspace@0__:$k',
      'SUBSCRIBE __keyspace@1__:$k',
      'SUBSCRIBE __keyevent@0__:del|set|lpop|rpush|expired|new',
      'PSUBSCRIBE __key*',
      'UNSUBSCRIBE',
      'PUNSUBSCRIBE',
    ],
  },
  tracking: {
    weight: 4,
    commands: [
      'CLIENT TRACKING ON',
      'CLIENT TRACKING ON',
      'CLIENT TRACKING ON NOLOOP',
      'CLIENT TRACKING OFF',
      'CLIENT TRACKING ON BCAST',
      'CLIENT TRACKING ON BCAST PREFIX a|l|z',
      'CLIENT TRACKING ON BCAST PREFIX l PREFIX s1 PREFIX z',
      'CLIENT TRACKING ON OPTIN|OPTOUT',
      'CLIENT TRACKING ON OPTIN|OPTOUT NOLOOP',
      'CLIENT CACHING YES|NO',
      'CLIENT CACHING YES',
      'CLIENT TRACKING ON REDIRECT $i',
      'CLIENT TRACKING ON BCAST REDIRECT $i',
      'CLIENT TRACKINGINFO',
      'CLIENT GETREDIR',
      'SUBSCRIBE __redis__:invalidate',
      'HELLO 3',
    ],
  },
  databases: {
    weight: 2,
    commands: [
      'SELECT 0',
      'SELECT 1',
      'MOVE $k 0|1',
      'COPY $k $k DB 0|1',
      'COPY $k $k DB 1 REPLACE',
      'FLUSHALL|FLUSHDB',
      'SELECT 99',
    ],
  },
  swaps: { weight: 0.7, commands: ['SWAPDB 0 1', 'SWAPDB 1 0', 'SWAPDB 1 1', 'SWAPDB 0 2'] },
  state: {
    weight: 1.5,
    commands: [
      'HELLO 2|3',
      'HELLO 3',
      'RESET',
      'CLIENT GETNAME',
      'CLIENT SETNAME $v',
      'CLIENT INFO',
      'CLIENT ID',
    ],
  },
  replies: {
    weight: 1,
    commands: ['CLIENT REPLY ON|OFF|SKIP', 'CLIENT REPLY ON', 'CLIENT REPLY SKIP'],
  },
  monitors: { weight: 0.4, commands: ['MONITOR', 'RESET'] },
  ends: {
    weight: 0.6,
    commands: [
      'CLIENT KILL ID $i',
      'CLIENT KILL ID $i SKIPME no',
      'CLIENT KILL TYPE pubsub',
      'CLIENT KILL TYPE pubsub SKIPME no',
      'QUIT',
    ],
  },
  pauses: {
    weight: 0.8,
    commands: ['CLIENT PAUSE 100000 WRITE', 'CLIENT UNPAUSE', 'CLIENT UNPAUSE'],
  },
  scripts: {
    weight: 2.5,
    commands: [
      'EVAL $push2 2 $l $l $v',
      'EVAL $setAndGet 2 $k $k',
      'EVAL|EVAL_RO $get 1 $k',
      'EVAL $fail 1 $l',
      'EVAL $publish 1 $k $v',
      'EVAL $protected 2 $k $k',
      'EVAL $select 1 $k 0|1',
      'EVAL_RO $setAndGet 2 $k $k',
      'FCALL push 1 $l $v',
      'FCALL_RO peek 1 $l',
      'FCALL_RO push 1 $l $v',
    ],
  },
};

/**
 * Commands that are not done before time has passed. A client sends them that does nothing else, so
 * that none runs later than it was sent, and everybody waits for them.
 */
export const TIMED: readonly string[] = [
  'SET $k $v PX 5',
  'PEXPIRE $k 5',
  'BLPOP $l 0.005',
  'BZPOPMIN $z 0.005',
  'XREAD BLOCK 5 STREAMS $s $$',
  'WAIT 1 5',
  'CLIENT PAUSE 5 ALL',
];

/** So that somebody can always go on. */
export const ADMINISTRATION: readonly string[] = [
  'CLIENT UNBLOCK $i',
  'CLIENT UNBLOCK $i ERROR',
  'CLIENT UNPAUSE',
];
