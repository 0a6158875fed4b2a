-- Takes a connection out of a room. When it was the participant's last, also their hand and microphone: then it counts
-- the change and returns its number. KEYS: connections, unmuted, hands, changes.
-- ARGV: participant, connection, now in s, the first number, how long numbers are kept in s.
redis.call('ZREM', KEYS[1], ARGV[1] .. ' ' .. ARGV[2])
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[3], '+inf')) do
  if string.sub(member, 1, #ARGV[1]) == ARGV[1] then return false end
end
redis.call('SREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('SET', KEYS[4], ARGV[4], 'NX')
local number = redis.call('INCR', KEYS[4])
redis.call('EXPIRE', KEYS[4], ARGV[5])
return number
