import { type Script, script } from './scripts.js';

/**
 * Scripts that take an entry for what it is: missing, live, stale, or dead (a tag of it was deleted). What is left until it
 * expires is what the key has left, less its time to be stale: the time is the server's alone.
 *
 * Of all scripts, ARGV[1] is what the keys of tags begin with, and ARGV[2] says whether they are on this node ('1'). On
 * a cluster they need not be: then a script that comes upon tags does nothing and replies { '?', header }, and is run
 * again with that header as ARGV[3] and, as ARGV[4], whether all tags are as they were ('1').
 */
const LOOK = `
local function parse(value)
  local size, stale, load, count, at = struct.unpack('>I4ddI4', value, 2)
  local tags = {}
  for i = 1, count do
    local tag
    tag, at = struct.unpack('>I4c0', value, at)
    tags[i] = ARGV[1] .. tag
  end
  if at + 16 * count ~= size + 1 or #value < size then error('not of our making') end
  return { value = value, size = size, stale = stale, tags = tags, at = at }
end
local function look(key)
  local first = redis.pcall('GETRANGE', key, 0, 0)
  if type(first) == 'table' then return 'live' end
  if first == '' then return redis.call('EXISTS', key) == 1 and 'live' or 'missing' end
  if string.byte(first) ~= 12 then return 'live' end
  local isRead, head = pcall(parse, redis.call('GET', key))
  if not isRead then return 'dead' end
  head.text = string.sub(head.value, 1, head.size)
  if #head.tags > 0 then
    if ARGV[2] == '1' then
      for i, tag in ipairs(head.tags) do
        local from = head.at + 16 * (i - 1)
        if redis.call('GET', tag) ~= string.sub(head.value, from, from + 15) then return 'dead' end
      end
    elseif ARGV[3] ~= head.text then return 'ask', head
    elseif ARGV[4] ~= '1' then return 'dead'
    end
  end
  local left = redis.call('PTTL', key)
  if left >= 0 and left <= head.stale then return 'stale', head end
  return 'live', head
end
local function whole(number) return string.format('%.0f', number) end
local function expire(key, ttl, stale)
  if ttl == '' then redis.call('PERSIST', key) else redis.call('PEXPIRE', key, whole(tonumber(ttl) + stale)) end
end
`;

/**
 * The version of a tag, made if need be from `fresh` (unless that is empty), whose key lives at least as long as entries
 * of `ttl`: twice as long, lest every one of them moves it. Without a version its entries are dead: an end that comes too
 * soon revives none.
 */
const KEEP_TAG = `
local function keepTag(key, fresh, ttl)
  local version = redis.call('GET', key)
  local twice = ttl ~= '' and string.format('%.0f', 2 * tonumber(ttl))
  if not version or #version ~= 16 then
    if fresh == '' then return '' end
    if twice then redis.call('SET', key, fresh, 'PX', twice) else redis.call('SET', key, fresh) end
    return fresh
  end
  local left = redis.call('PTTL', key)
  if left >= 0 then
    if not twice then redis.call('PERSIST', key)
    elseif left < tonumber(ttl) then redis.call('PEXPIRE', key, twice)
    end
  end
  return version
end
`;

/** KEYS: the key of a tag; ARGV: a fresh version, or nothing; the ttl, in milliseconds, '' for ever. The version, or ''. */
export const TAG_VERSION: Script = script(`${KEEP_TAG}return keepTag(KEYS[1], ARGV[1], ARGV[2])`);

/** KEYS: entries. For each its bytes and the milliseconds that its key has left (-1: for ever), or nothing. */
export const RECALL: Script = script(`${LOOK}
local found = {}
for i, key in ipairs(KEYS) do
  local state, head = look(key)
  local value = head and head.value
  if state == 'live' and not head then value = redis.pcall('GET', key) end
  found[i] = type(value) == 'string' and { value, redis.call('PTTL', key) } or false
end
return found`);

/**
 * KEYS: an entry, a lease, the keys of tags (none on a cluster). ARGV[5]: the header up to the versions of these tags;
 * [6]: the sealed value; [7]: the time until the key is gone, '' for ever; [8]: a fresh version for tags; [9]: the token
 * that the lease must have, '' if none; [10]: '1' to store only where nothing lives. 1 if it was stored.
 */
export const STORE: Script = script(`${LOOK}${KEEP_TAG}
if ARGV[9] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[9] then return 0 end
if ARGV[10] == '1' then
  local state, head = look(KEYS[1])
  if state == 'ask' then return { '?', head.text } end
  if state == 'live' then return 0 end
end
local parts = { ARGV[5] }
for i = 3, #KEYS do parts[#parts + 1] = keepTag(KEYS[i], ARGV[8], ARGV[7]) end
parts[#parts + 1] = ARGV[6]
local value = table.concat(parts)
if ARGV[7] == '' then redis.call('SET', KEYS[1], value) else redis.call('SET', KEYS[1], value, 'PX', ARGV[7]) end
return 1`);

/**
 * KEYS: entries, on a cluster one; then the leases of their loads. How many entries lived; all are gone, and the leases,
 * too, so that no run that is under way stores.
 */
export const REMOVE: Script = script(`${LOOK}
local count = 0
for i = 1, #KEYS / 2 do
  local state, head = look(KEYS[i])
  if state == 'ask' then return { '?', head.text } end
  if state == 'live' then count = count + 1 end
  redis.call('UNLINK', KEYS[i], KEYS[#KEYS / 2 + i])
end
return count`);

/** KEYS: an entry, the lease of its load; ARGV[1]: the token that it must have. 1 if the entry was there, and is gone. */
export const REMOVE_HOLDING: Script = script(`
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
return redis.call('UNLINK', KEYS[1])`);

/** KEYS: an entry; ARGV[5]: its new ttl, '' for ever. 1 if it lives. */
export const PROLONG: Script = script(`${LOOK}${KEEP_TAG}
local state, head = look(KEYS[1])
if state == 'ask' then return { '?', head.text } end
if state ~= 'live' then return 0 end
expire(KEYS[1], ARGV[5], head and head.stale or 0)
if head and ARGV[2] == '1' then
  local ttl = ARGV[5] ~= '' and whole(tonumber(ARGV[5]) + head.stale) or ''
  for _, tag in ipairs(head.tags) do keepTag(tag, '', ttl) end
end
return 1`);

/**
 * KEYS: an entry, the lease of its load; ARGV[5]: its new ttl, '' for ever; ARGV[6]: its new time to be stale; [7]: the
 * token that the lease must have, '' if none. 1 if it was renewed, stale or not.
 */
export const RENEW: Script = script(`${LOOK}${KEEP_TAG}
if ARGV[7] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[7] then return 0 end
local state, head = look(KEYS[1])
if state == 'ask' then return { '?', head.text } end
if state == 'missing' or state == 'dead' then return 0 end
local stale = tonumber(ARGV[6])
if head then
  local value = string.sub(head.value, 1, 5) .. struct.pack('>d', stale) .. string.sub(head.value, 14)
  redis.call('SET', KEYS[1], value, 'KEEPTTL')
elseif stale > 0 then
  local value = redis.pcall('GET', KEYS[1])
  if type(value) == 'table' then return 0 end
  redis.call('SET', KEYS[1], struct.pack('>BI4ddI4', 12, 25, stale, 0, 0) .. value, 'KEEPTTL')
end
expire(KEYS[1], ARGV[5], stale)
if head and ARGV[2] == '1' then
  local ttl = ARGV[5] ~= '' and whole(tonumber(ARGV[5]) + stale) or ''
  for _, tag in ipairs(head.tags) do keepTag(tag, '', ttl) end
end
return 1`);

/**
 * KEYS: a counter; ARGV[5]: what to add. The new number as text; the value, as it is, where that is not a number; nothing
 * where nothing lives. Lua's numbers are JavaScript's, so that 0.1 + 0.2 is what it is everywhere else; whole ones are
 * written as INCR takes them. The header stays.
 */
export const INCREASE: Script = script(`${LOOK}
local state, head = look(KEYS[1])
if state == 'ask' then return { '?', head.text } end
if state ~= 'live' then return nil end
local value = head and string.sub(head.value, head.size + 1) or redis.call('GET', KEYS[1])
local named = { ['Infinity'] = math.huge, ['-Infinity'] = -math.huge, ['NaN'] = 0/0 }
local number = named[value]
if number == nil and string.match(value, '^-?%d[%d.]*e?[+-]?%d*$') then number = tonumber(value) end
if number == nil then return { value } end
local sum = number + tonumber(ARGV[5])
local text
if sum ~= sum then text = 'NaN'
elseif sum == math.huge then text = 'Infinity'
elseif sum == -math.huge then text = '-Infinity'
elseif sum == math.floor(sum) and math.abs(sum) <= 2^53 then text = string.format('%.0f', sum)
else
  for digits = 15, 17 do
    text = string.format('%.' .. digits .. 'g', sum)
    if tonumber(text) == sum then break end
  end
end
redis.call('SET', KEYS[1], (head and head.text or '') .. text, 'KEEPTTL')
return text`);

/** KEYS: from, to, not on a cluster; their leases. 1 if there was something to move; its expiry and its tags go along. */
export const MOVE: Script = script(`${LOOK}
if look(KEYS[1]) ~= 'live' then return 0 end
redis.call('UNLINK', KEYS[3], KEYS[4])
redis.call('RENAME', KEYS[1], KEYS[2])
return 1`);
