-- Mistakes that the model has to notice: each is one change of a script (changes: {script, text, instead}) or of a program's
-- step (step: the name that the programs of the model look for in w.broken).
--
-- mode: in which it matters; seed: one that catches it, tried first; within: seeds in which it must be caught.
-- robust: says why nothing that was promised breaks; the model must agree.
local GET_SEQUENCE = 'tonumber(redis.call(\'GET\', KEYS[5]))'

return {
  -- storing and acknowledging
  {name = 'acknowledged before the commit', mode = 'plain', step = 'acknowledge_first'},
  {name = 'no job key tells a job that comes again', mode = 'plain', step = 'no_job_key'},
  {name = 'no lease is asked for before the commit', mode = 'rollback', step = 'no_fence'},
  {name = 'no mark is stored', mode = 'rollback', step = 'no_mark'},
  {name = 'stored below a tombstone', mode = 'plain', step = 'store_below_tombstone'},
  {name = 'no void row for a dead job', mode = 'plain', step = 'no_void'},
  {name = 'a void row is not filled', mode = 'plain', step = 'void_stays'},
  {name = 'a deleted message is filled like a void row', mode = 'plain', step = 'fill_deleted'},
  {name = 'no spare row', mode = 'taken', step = 'no_spare'},
  {name = 'a taken number does not raise the counter', mode = 'taken', step = 'no_raise'},
  {name = 'finish without a token', mode = 'plain',
    changes = {{'finish', "if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end", ''}}},
  {name = 'finish keeps the list', mode = 'plain', changes = {{'finish', "redis.call('UNLINK', KEYS[1])", ''}}},

  -- leases, suspects
  {name = 'renew without a token', mode = 'plain',
    changes = {{'renew', "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end", ''}}},
  {name = 'no renewal while MySQL is away', mode = 'plain', step = 'no_renewal'},
  {name = 'drain does not register its list', mode = 'plain',
    changes = {{'drain', "redis.call('SADD', KEYS[4], KEYS[2])", ''}}},
  {name = 'jobs are taken round the lease', mode = 'plain', step = 'blmove'},
  {name = 'drain takes suspects along', mode = 'plain',
    changes = {{'drain', "local suspects = redis.call('EXISTS', KEYS[5]) == 1", 'local suspects = false'}}},
  {name = 'drain counts no try', mode = 'plain',
    changes = {{'drain', "try = redis.call('HINCRBY', KEYS[5], id(job), 1)", 'try = 1'}}},
  {name = 'reap blames all that was in flight', mode = 'plain',
    changes = {{'reap', "redis.call('HSETNX', KEYS[4], id, 0)", "redis.call('HINCRBY', KEYS[4], id, 1)"}}},
  {name = 'reap forgets the tries', mode = 'plain',
    changes = {{'reap', "redis.call('HSETNX', KEYS[4], id, 0)", "redis.call('HSET', KEYS[4], id, 0)"}}},
  {name = 'reap takes from the living', mode = 'plain',
    changes = {{'reap', "if ARGV[2] == '' and redis.call('EXISTS', KEYS[2]) == 1 then return -1 end", ''}}},
  {name = 'a slot is not reaped at start', mode = 'plain', step = 'no_own_reap'},
  {name = 'finish clears no suspects', mode = 'plain',
    changes = {{'finish', "redis.call('HDEL', KEYS[3], ", "redis.call('HGET', KEYS[3], "}}},

  -- retries
  {name = 'a new number is taken before the job is', mode = 'taken', step = 'promote_two_steps'},
  {name = 'a due job is queued before it is taken', mode = 'taken', step = 'promote_push_first'},
  {name = 'promote queues what another has moved', mode = 'taken',
    changes = {{'promote', "elseif redis.call('ZREM', KEYS[1], ARGV[i]) == 1 then",
      "else redis.call('ZREM', KEYS[1], ARGV[i])"}}},
  {name = 'promote gives numbers without queue_seq', mode = 'rollback',
    changes = {{'promote', "redis.call('INCR', KEYS[4])", ''}}},

  -- counters that are missing
  {name = 'the heal reads MySQL first', mode = 'plain', step = 'heal_mysql_first'},
  {name = 'the heal does not read the queues', mode = 'plain', step = 'heal_without_queues'},
  {name = 'the heal does not look again', mode = 'plain', step = 'heal_blind'},
  {name = 'the heal has no lock', mode = 'plain', step = 'heal_without_lock'},
  {name = 'a chat is healed without its application', mode = 'rollback', step = 'heal_chat_alone'},
  {name = 'raise brings back what is deleted', mode = 'plain',
    changes = {{'raise', "if redis.call('EXISTS', KEYS[2]) == 1 then return -1 end", ''}}},
  {name = 'raise lowers', mode = 'taken',
    changes = {{'raise', 'if not counter or tonumber(ARGV[1]) > tonumber(counter) then', 'do'}}},
  {name = 'raise does not look at the lock', mode = 'plain',
    changes = {{'raise', "if ARGV[2] == '' or redis.call('GET', KEYS[3]) ~= ARGV[2] then", "if ARGV[2] == '' then"}}},
  {name = 'raise makes a counter for everybody', mode = 'taken',
    changes = {{'raise', "if not counter and ARGV[2] ~= '*' then", 'if false then'}}},
  {name = 'highest leaves out what is in flight', mode = 'plain',
    changes = {{'highest', "for _, list in ipairs(redis.call('SMEMBERS', KEYS[1])) do look_at_list(list) end", ''}}},
  {name = 'highest leaves out the queues', mode = 'plain',
    changes = {{'highest', "for _, queue in ipairs(redis.call('SMEMBERS', KEYS[2])) do", 'for _, queue in ipairs({}) do'}}},
  {name = 'highest leaves out retry, schedule and dead', mode = 'plain',
    changes = {{'highest', 'for i = 3, 5 do', 'for i = 6, 5 do'}}},
  {name = 'highest knows no keyword arguments', mode = 'plain',
    changes = {{'highest', 'if not number and string.find', 'if false and string.find'}}},
  {name = 'highest knows no ActiveJob', mode = 'plain',
    changes = {{'highest', "or string.match(job, '\"arguments\"' .. positional)", ''}}},
  {name = 'nobody names the queue', mode = 'plain', changes = {
    {'create_message', "redis.call('SADD', KEYS[4], ARGV[1])", ''}, {'create_chat', "redis.call('SADD', KEYS[3], ARGV[1])", ''},
    {'promote', "redis.call('SADD', KEYS[3], ARGV[1])", ''}}},

  -- deletions
  {name = 'delete leaves no mark', mode = 'plain', changes = {{'delete', "redis.call('SET', KEYS[2], 1, 'EX', ARGV[1])", ''}}},
  {name = 'delete leaves the counter', mode = 'plain', changes = {{'delete', "redis.call('DEL', KEYS[1])", ''}}},
  {name = 'delete does not raise queue_seq', mode = 'rollback',
    changes = {{'delete', "redis.call('INCR', KEYS[3])", "tonumber(redis.call('GET', KEYS[3]))"}}},
  {name = 'a deletion stores no mark', mode = 'rollback', step = 'no_deletion_mark'},
  {name = 'a deletion is answered unseen', mode = 'rollback', step = 'deletion_unverified'},
  {name = "a queued chat's tombstone stores no mark", mode = 'rollback', step = 'tombstone_without_mark'},

  -- a Redis that goes back
  {name = 'nobody compares', mode = 'rollback', step = 'no_comparison'},
  {name = 'marks are read without a lock', mode = 'rollback', step = 'marks_without_lock'},
  {name = 'messages are created without queue_seq rising', mode = 'rollback',
    changes = {{'create_message', "redis.call('INCR', KEYS[5])", GET_SEQUENCE}}},
  {name = 'creating while queue_seq is missing', mode = 'rollback', changes = {
    {'create_message', "redis.call('EXISTS', KEYS[1], KEYS[5]) < 2", "redis.call('EXISTS', KEYS[1]) < 1"},
    {'create_chat', " or redis.call('EXISTS', KEYS[4]) == 0", ''}}},
  {name = 'draining while queue_seq is missing', mode = 'rollback',
    changes = {{'drain', 'if seq < 0 then return {0, 0, {}} end', 'seq = math.max(seq, 0)'}}},
  {name = 'the recovery sets queue_seq first', mode = 'rollback', step = 'recovery_sequence_first'},
  {name = 'the recovery INCRs queue_seq', mode = 'rollback', step = 'recovery_counts'},
  {name = 'the recovery does not jump ahead', mode = 'rollback', step = 'recovery_no_jump'},
  {name = 'the recovery reads MySQL first', mode = 'rollback', step = 'recovery_mysql_first'},
  {name = 'the recovery does not read the queues', mode = 'rollback', step = 'recovery_without_queues'},
  {name = 'the recovery keeps deleted counters', mode = 'rollback', step = 'recovery_keeps_deleted'},
  {name = 'any number recover at once, with one token', mode = 'rollback', step = 'recovery_alone'},
  {name = 'restore without a token', mode = 'rollback',
    changes = {{'restore', "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {-1, 0} end", ''}}},
  {name = 'restore lowers', mode = 'rollback',
    changes = {{'restore', 'if not now or tonumber(now) < tonumber(ARGV[i]) then', 'do'}}},
  {name = 'restore brings back what is deleted', mode = 'rollback',
    changes = {{'restore', "elseif redis.call('EXISTS', gone) == 0 then", 'else'}}},
  {name = 'recovered without a token', mode = 'rollback',
    changes = {{'recovered', "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end", ''}}},

  -- counts
  {name = 'the mark of a count job goes after counting', mode = 'taken', step = 'pending_late'},
  {name = 'the mark of a count job never goes', mode = 'taken', step = 'pending_stays'},
}
