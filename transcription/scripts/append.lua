-- Appends a frame exactly once. KEYS: frames, state, live. ARGV: writer, first sample ("pause" ends a stretch),
-- PCM16, age in ms, bound, stream id, seconds to keep the state. Returns {status, next sample, gap in samples}.
local writer, cursor = unpack(redis.call('HMGET', KEYS[2], 'writer', 'next'))
if not cursor then return {'unknown', 0, 0} end
if writer ~= ARGV[1] then return {'superseded', tonumber(cursor), 0} end
cursor = tonumber(cursor)

local function whole(number) return string.format('%.0f', number) end
local function mark_live()
  local time = redis.call('TIME')
  redis.call('ZADD', KEYS[3], time[1], ARGV[6])
  redis.call('EXPIRE', KEYS[2], ARGV[7])
  redis.call('EXPIRE', KEYS[1], ARGV[7])
end

if ARGV[2] == 'pause' then
  if redis.call('HSETNX', KEYS[2], 'paused', 1) == 1 and redis.call('ZSCORE', KEYS[3], ARGV[6]) then
    redis.call('XADD', KEYS[1], '*', 's', whole(cursor), 'p', 1)
    mark_live()
  end
  return {'ok', cursor, 0}
end

local first, pcm = tonumber(ARGV[2]), ARGV[3]
local last = first + #pcm / 2
if last <= cursor then return {'duplicate', cursor, 0} end
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[5]) then return {'full', cursor, 0} end
if first < cursor then
  pcm = string.sub(pcm, (cursor - first) * 2 + 1)
  first = cursor
end

local entry = {'s', whole(first), 'd', pcm, 'a', ARGV[4]}
local gap = first - cursor
if redis.call('HEXISTS', KEYS[2], 'paused') == 1 then
  gap = 0
  entry[7], entry[8] = 'r', 1
end
redis.call('XADD', KEYS[1], '*', unpack(entry)) -- first write: here a full Redis refuses
redis.call('HDEL', KEYS[2], 'paused')
redis.call('HSET', KEYS[2], 'next', whole(last))
mark_live()
return {'ok', last, gap}
