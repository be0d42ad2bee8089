import { createHash } from 'node:crypto';
import type { Argument, Reply } from './wire.js';

/** A script of the server's: what it does is one step, to all who look on. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

export function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/** KEYS: a key; ARGV: what it was when it was read. 1 if it still was that, and is now gone. */
export const REMOVE_IF_UNCHANGED = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('UNLINK', KEYS[1])`);

/** KEYS: a lease; ARGV: its token, its time in milliseconds. 1 if it is still held by that token, and for that time more. */
export const KEEP_LEASE = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`);

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
