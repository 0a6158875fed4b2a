-- Takes a connection out of a room. When it was the participant's last, also their hand, microphone and hearing: then it
-- counts the change and returns its number. KEYS: connections, unmuted, hearing, hands, changes.
-- ARGV: participant, connection, now in s, the first number, how long numbers are kept in s.
redis.call('ZREM', KEYS[1], ARGV[1] .. ' ' .. ARGV[2])
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[3], '+inf')) do
  if string.sub(member, 1, #ARGV[1]) == ARGV[1] then return false end
end
redis.call('SREM', KEYS[2], ARGV[1])
redis.call('SREM', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('SET', KEYS[5], ARGV[4], 'NX')
local number = redis.call('INCR', KEYS[5])
redis.call('EXPIRE', KEYS[5], ARGV[5])
return number
