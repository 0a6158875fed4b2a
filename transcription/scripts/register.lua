-- Names the one writer of a stream. KEYS: state. ARGV: writer, next sample if new, info, seconds to keep.
redis.call('HSETNX', KEYS[1], 'next', ARGV[2])
redis.call('HSET', KEYS[1], 'writer', ARGV[1], 'info', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return redis.call('HGET', KEYS[1], 'next')
