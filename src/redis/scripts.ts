import { createHash } from 'node:crypto';
import type { Argument, Reply } from './wire.js';

/** A script of the server's: what it does is one step, to all who look on. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/**
 * KEYS: a counter; ARGV: what to add. The new number as text; the value, as it is, where that is not a number; nothing
 * where nothing is. Lua's numbers are JavaScript's, so that 0.1 + 0.2 is what it is everywhere else; whole ones are
 * written as INCR takes them.
 */
export const INCREASE = script(`
local value = redis.call('GET', KEYS[1])
if not value then return nil end
local named = { ['Infinity'] = math.huge, ['-Infinity'] = -math.huge, ['NaN'] = 0/0 }
local number = named[value]
if number == nil and string.match(value, '^-?%d[%d.]*e?[+-]?%d*$') then number = tonumber(value) end
if number == nil then return { value } end
local sum = number + tonumber(ARGV[1])
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
redis.call('SET', KEYS[1], text, 'KEEPTTL')
return text`);

/** KEYS: from, to. 1 if there was something to move; its expiry goes along. */
export const MOVE = script(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('RENAME', KEYS[1], KEYS[2])
return 1`);

/** KEYS: any number of keys. For each its value and the milliseconds it has left (-1: for ever), or nothing: a list has no value. */
export const READ_TIMED = script(`
local found = {}
for i, key in ipairs(KEYS) do
  local value = redis.pcall('GET', key)
  found[i] = type(value) == 'string' and { value, redis.call('PTTL', key) } or false
end
return found`);

/** KEYS: a key; ARGV: what it was when it was read. 1 if it still was that, and is now gone. */
export const REMOVE_IF_UNCHANGED = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('UNLINK', KEYS[1])`);

/** KEYS: a key. 1 if it is there; it has no expiry any more. */
export const KEEP_FOR_EVER = script(`
redis.call('PERSIST', KEYS[1])
return redis.call('EXISTS', KEYS[1])`);

/** Runs a script; its text is sent where the server does not know it yet. */
export async function run(
  send: (args: Argument[]) => Promise<Reply>,
  { text, sha }: Script,
  keys: readonly string[],
  args: readonly Argument[] = [],
): Promise<Reply> {
  const rest = [String(keys.length), ...keys, ...args];
  try {
    return await send(['EVALSHA', sha, ...rest]);
  } catch (error) {
    if (!String((error as { cause?: unknown }).cause).includes('NOSCRIPT')) throw error;
    return send(['EVAL', text, ...rest]);
  }
}
