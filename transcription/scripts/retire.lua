-- Takes a stream off the live list unless audio waits. KEYS: frames, live. ARGV: stream id.
if redis.call('XLEN', KEYS[1]) > 0 then return 0 end
redis.call('ZREM', KEYS[2], ARGV[1])
return 1
