import type { Command } from './exchange.js';

/** Commands of the text protocol: what every memcached knows. */

export function get(name: string): Command {
  return `get ${name}\r\n`;
}

/** Keys in one command, at most: a line of some 20 KB. */
const MOST_NAMES = 1000;

/** The same for many keys, of which those that are there are answered. */
export function getMany(names: readonly string[]): Command[] {
  const commands: Command[] = [];
  for (let i = 0; i < names.length; i += MOST_NAMES) {
    commands.push(`get ${names.slice(i, i + MOST_NAMES).join(' ')}\r\n`);
  }
  return commands;
}

/** The same, with what `cas` compares. */
export function gets(name: string): Command {
  return `gets ${name}\r\n`;
}

/** What is to be stored: the value's bytes, the flags, and the ttl as memcached takes it. */
export interface Content {
  readonly bytes: string | Buffer;
  readonly flags: number;
  readonly seconds: number;
}

export function set(name: string, content: Content): Command {
  return storing(`set ${name}`, content);
}

export function add(name: string, content: Content): Command {
  return storing(`add ${name}`, content);
}

/** Stores if nobody has written since `unique` was read. */
export function cas(name: string, content: Content, unique: string): Command {
  return storing(`cas ${name}`, content, ` ${unique}`);
}

/** Deletes on the same condition: what is stored then has expired. */
export function deleteUnchanged(name: string, unique: string): Command {
  return cas(name, { bytes: '', flags: 0, seconds: -1 }, unique);
}

export function remove(name: string): Command {
  return `delete ${name}\r\n`;
}

export function increment(name: string, delta: number): Command {
  return `incr ${name} ${delta}\r\n`;
}

/** What is left of an entry's ttl, answered by `HD t<seconds>`: a meta command, which memcached has since 1.6. */
export function askTtl(name: string): Command {
  return `mg ${name} t\r\n`;
}

export const FLUSH_ALL: Command = 'flush_all\r\n';

function storing(command: string, { bytes, flags, seconds }: Content, unique = ''): Command {
  const head = `${command} ${flags} ${seconds} ${Buffer.byteLength(bytes)}${unique}\r\n`;
  return typeof bytes === 'string' ? `${head}${bytes}\r\n` : Buffer.concat([Buffer.from(head), bytes, END_OF_LINE]);
}

const END_OF_LINE = Buffer.from('\r\n');
