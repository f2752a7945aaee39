"""What happens inside Redis in one piece. Keys: card, captions, ids of finals, ids of open ones, lease; then the index.

The index holds each room's name and when it runs out, so that rooms can be counted; keys of a room run out by
themselves.
"""

from __future__ import annotations

__all__ = ["CLAIM", "CREATE", "RELEASE", "RENEW", "SAVE"]

CREATE = """
local name, record, ttl, now, most, history = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], ARGV[6]
redis.call('ZREMRANGEBYSCORE', KEYS[6], '-inf', now)
if redis.call('EXISTS', KEYS[1]) == 1 then return 'name_taken' end
if redis.call('ZCARD', KEYS[6]) >= tonumber(most) then return 'full' end
redis.call('DEL', KEYS[2], KEYS[3], KEYS[4], KEYS[5])
redis.call('HSET', KEYS[1], 'record', record, 'ttl', ttl, 'history', history)
redis.call('PEXPIRE', KEYS[1], ttl)
redis.call('ZADD', KEYS[6], now + ttl, name)
return 'yes'
"""

KEEP = """
local function keep(name, now)
  local ttl = tonumber(redis.call('HGET', KEYS[1], 'ttl'))
  for i = 1, 4 do redis.call('PEXPIRE', KEYS[i], ttl) end
  redis.call('ZADD', KEYS[6], now + ttl, name)
end
"""

SAVE = (
    KEEP
    + """
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
local refused = {}
for i = 4, #ARGV, 5 do
  local id, order, final, revision, row = ARGV[i], ARGV[i + 1], ARGV[i + 2], tonumber(ARGV[i + 3]), ARGV[i + 4]
  local known = redis.call('HGET', KEYS[2], id)
  if known and tonumber(string.match(known, '^%d+')) >= revision then
    if known ~= row then table.insert(refused, known) end
  else
    redis.call('HSET', KEYS[2], id, row)
    redis.call('ZREM', KEYS[4], id)
    redis.call('ZADD', final == '1' and KEYS[3] or KEYS[4], order, id)
  end
end
local limits = { [KEYS[3]] = tonumber(redis.call('HGET', KEYS[1], 'history')), [KEYS[4]] = tonumber(ARGV[3]) }
for key, limit in pairs(limits) do
  local extra = redis.call('ZCARD', key) - limit
  if extra > 0 then
    redis.call('HDEL', KEYS[2], unpack(redis.call('ZRANGE', key, 0, extra - 1)))
    redis.call('ZREMRANGEBYRANK', key, 0, extra - 1)
  end
end
keep(ARGV[1], tonumber(ARGV[2]))
return refused
"""
)

CLAIM = """
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
if not redis.call('SET', KEYS[5], ARGV[1], 'NX', 'PX', ARGV[2]) then return false end
redis.call('HSETNX', KEYS[1], 'begun_at', ARGV[3])
return { redis.call('HINCRBY', KEYS[1], 'publications', 1), redis.call('HGET', KEYS[1], 'begun_at') }
"""

RENEW = (
    KEEP
    + """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local holder = redis.call('GET', KEYS[5])
if holder and holder ~= ARGV[3] then return 0 end
redis.call('SET', KEYS[5], ARGV[3], 'PX', ARGV[4])
keep(ARGV[1], tonumber(ARGV[2]))
return 1
"""
)

RELEASE = """
if redis.call('GET', KEYS[5]) == ARGV[1] then redis.call('DEL', KEYS[5]) end
return 1
"""
