import { ask } from './server.js';

export type RedisReply = string | number | null | RedisReply[];

class RedisError extends Error {}

/** What whoever speaks Redis's protocol at a port of this machine replies to one command. @throws Error if it is one. */
export async function redisCommand(
  port: number,
  words: readonly (string | number)[],
  password?: string,
): Promise<RedisReply> {
  const sent = password === undefined ? [words] : [['AUTH', password], words];
  const answer = await ask(port, sent.map(encode).join(''), (text) => readReplies(text, sent.length) !== undefined);
  const replies = readReplies(answer, sent.length);
  const error = replies?.find((reply) => reply instanceof RedisError);
  if (replies === undefined || error !== undefined) {
    throw new Error(`${words.slice(0, 3).join(' ')}: ${error?.message ?? 'no reply'}`);
  }
  return replies.at(-1) as RedisReply;
}

/** The same where the reply is text. */
export async function redisText(port: number, words: readonly (string | number)[], password?: string): Promise<string> {
  return String(await redisCommand(port, words, password));
}

function encode(words: readonly (string | number)[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`).join('')}`;
}

/** `undefined` while some are missing. */
function readReplies(bytes: string, count: number): (RedisReply | RedisError)[] | undefined {
  const replies: (RedisReply | RedisError)[] = [];
  for (let at = 0; replies.length < count; ) {
    const read = readReply(bytes, at);
    if (read === undefined) return undefined;
    replies.push(read.reply);
    at = read.end;
  }
  return replies;
}

/** The reply that begins at `at`, and where it ends; `undefined` if that is not there yet. `bytes` are in Latin-1. */
function readReply(bytes: string, at: number): { reply: RedisReply | RedisError; end: number } | undefined {
  const lineEnd = bytes.indexOf('\r\n', at);
  if (lineEnd < 0) return undefined;
  const rest = bytes.slice(at + 1, lineEnd);
  let end = lineEnd + 2;
  switch (bytes[at]) {
    case '+':
      return { reply: rest, end };
    case '-':
      return { reply: new RedisError(rest), end };
    case ':':
      return { reply: Number(rest), end };
    case '$': {
      if (rest === '-1') return { reply: null, end };
      const text = bytes.slice(end, end + Number(rest));
      end += Number(rest) + 2;
      return bytes.length < end ? undefined : { reply: Buffer.from(text, 'latin1').toString(), end };
    }
    default: {
      if (rest === '-1') return { reply: null, end };
      const replies: RedisReply[] = [];
      for (let i = 0; i < Number(rest); i++) {
        const read = readReply(bytes, end);
        if (read === undefined) return undefined;
        replies.push(read.reply as RedisReply);
        end = read.end;
      }
      return { reply: replies, end };
    }
  }
}
