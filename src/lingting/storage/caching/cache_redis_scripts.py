"""What happens inside Redis in one piece, so that the count of bytes is always that of what is there.

Beside each value, whose time Redis keeps, stand: when it was last asked for and when its time is over (sorted sets),
its size and tags (a hash), the bytes of all (a number), and a set of keys for each tag. Redis' own clock holds.
"""

from __future__ import annotations

__all__ = ["ERASE_KEYS", "ERASE_TAG", "GET", "PUT"]

HEAD = """
local values, lru, expiry = ARGV[1] .. ':value:', ARGV[1] .. ':used', ARGV[1] .. ':expiry'
local about, total, tagged = ARGV[1] .. ':about', ARGV[1] .. ':bytes', ARGV[1] .. ':tag:'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function drop(key)
  local known = redis.call('HGET', about, key)
  if known then
    local size, tags = string.match(known, '^(%d+)(.*)$')
    redis.call('DECRBY', total, size)
    for tag in string.gmatch(tags, '%S+') do redis.call('SREM', tagged .. tag, key) end
    redis.call('HDEL', about, key)
  end
  redis.call('ZREM', lru, key)
  redis.call('ZREM', expiry, key)
  return redis.call('DEL', values .. key)
end
"""
"""Every script begins so; the first argument is the prefix."""

GET = (
    HEAD
    + """
local value = redis.call('GET', values .. ARGV[2])
if value then redis.call('ZADD', lru, 'XX', now, ARGV[2]) end
return value
"""
)

PUT = (
    HEAD
    + """
local key, value, size, ttl, most = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
if ARGV[7] == '1' and redis.call('EXISTS', values .. key) == 0 then return 0 end
for _, old in ipairs(redis.call('ZRANGEBYSCORE', expiry, '-inf', now, 'LIMIT', 0, 200)) do drop(old) end
drop(key)
redis.call('SET', values .. key, value, 'PX', ttl)
redis.call('ZADD', lru, now, key)
redis.call('ZADD', expiry, now + ttl, key)
local tags = table.concat(ARGV, ' ', 8)
redis.call('HSET', about, key, size .. ' ' .. tags)
redis.call('INCRBY', total, size)
for i = 8, #ARGV do
  redis.call('SADD', tagged .. ARGV[i], key)
  redis.call('PEXPIRE', tagged .. ARGV[i], ttl)
end
local evicted = 0
while tonumber(redis.call('GET', total)) > most do
  local oldest = redis.call('ZRANGE', lru, 0, 0)[1]
  if not oldest then
    redis.call('SET', total, 0)
    break
  end
  drop(oldest)
  evicted = evicted + 1
end
for _, book in ipairs({ lru, expiry, about, total }) do redis.call('PEXPIRE', book, ttl) end
return evicted
"""
)

ERASE_KEYS = (
    HEAD
    + """
local erased = 0
for i = 2, #ARGV do erased = erased + drop(ARGV[i]) end
return erased
"""
)

ERASE_TAG = (
    HEAD
    + """
local keys = redis.call('SRANDMEMBER', tagged .. ARGV[2], ARGV[3])
local erased = 0
for _, key in ipairs(keys) do
  erased = erased + drop(key)
  redis.call('SREM', tagged .. ARGV[2], key)
end
return { #keys, erased }
"""
)
