-- Appends frames exactly once, in their order. KEYS: frames, state, live. ARGV: writer, bound, stream id, seconds to keep
-- the state, then first sample, PCM16, age in ms and whether it may be kept (1) of each frame ("pause" alone ends a
-- stretch).
-- Returns {status, next sample, gap in samples} of each frame, up to the first that was not taken.
local writer, cursor, paused = unpack(redis.call('HMGET', KEYS[2], 'writer', 'next', 'paused'))
if not cursor then return {{'unknown', 0, 0}} end
if writer ~= ARGV[1] then return {{'superseded', tonumber(cursor), 0}} end
cursor = tonumber(cursor)

local function whole(number) return string.format('%.0f', number) end
local function mark_live()
  local time = redis.call('TIME')
  redis.call('ZADD', KEYS[3], time[1], ARGV[3])
  redis.call('EXPIRE', KEYS[2], ARGV[4])
  redis.call('EXPIRE', KEYS[1], ARGV[4])
end

if ARGV[5] == 'pause' then
  if redis.call('HSETNX', KEYS[2], 'paused', 1) == 1 and redis.call('ZSCORE', KEYS[3], ARGV[3]) then
    redis.call('XADD', KEYS[1], '*', 's', whole(cursor), 'p', 1)
    mark_live()
  end
  return {{'ok', cursor, 0}}
end

local room = tonumber(ARGV[2]) - redis.call('XLEN', KEYS[1])
local results, taken = {}, false
for index = 5, #ARGV, 4 do
  local first, pcm, age, keep = tonumber(ARGV[index]), ARGV[index + 1], ARGV[index + 2], ARGV[index + 3]
  local last = first + #pcm / 2
  if last <= cursor then
    results[#results + 1] = {'duplicate', cursor, 0}
  elseif room <= 0 then
    results[#results + 1] = {'full', cursor, 0}
    break
  else
    if first < cursor then
      pcm = string.sub(pcm, (cursor - first) * 2 + 1)
      first = cursor
    end
    local entry, gap = {'s', whole(first), 'd', pcm, 'a', age}, first - cursor
    if paused then
      gap = 0
      entry[#entry + 1], entry[#entry + 2] = 'r', 1
    end
    if keep == '1' then
      entry[#entry + 1], entry[#entry + 2] = 'k', 1
    end
    redis.call('XADD', KEYS[1], '*', unpack(entry)) -- first write: here a full Redis refuses
    room, cursor, paused, taken = room - 1, last, false, true
    results[#results + 1] = {'ok', cursor, gap}
  end
end
if taken then
  redis.call('HDEL', KEYS[2], 'paused')
  redis.call('HSET', KEYS[2], 'next', whole(cursor))
  mark_live()
end
return results
