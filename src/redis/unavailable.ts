import { CacheUnavailableError, InvalidConfigError } from '../core/errors.js';

/** What to do about what a server says, by the word that it begins with. */
const ADVICE: Readonly<Record<string, string>> = {
  NOAUTH: 'Put the password into the URL: redis://:password@host.',
  WRONGPASS: 'Check the user and the password of the URL.',
  NOPERM: 'Allow the user this command and these keys (ACL SETUSER).',
  OOM: 'Raise maxmemory, or let the server evict: maxmemory-policy allkeys-lru.',
  LOADING: 'It reads its data. Try again soon.',
  CLUSTERDOWN: 'A part of the cluster has no master. Try again soon; if it stays so, look at its nodes.',
  READONLY: 'It was made a replica; the new master is looked for. Try again soon.',
  MISCONF: 'It cannot write its data to disk. Look at its log.',
};

/** What the server, the client or the network said, as what it is to our callers. */
export function unavailable(cause: unknown): Error {
  if (cause instanceof CacheUnavailableError || cause instanceof InvalidConfigError) return cause;
  const message = messageOf(cause);
  return new CacheUnavailableError(`Redis is not available: ${message.replace(/\.?$/, '.')} ${adviceOn(message)}`, {
    cause,
  });
}

export function unanswered(timeout: number): CacheUnavailableError {
  return new CacheUnavailableError(
    `Redis did not answer within ${timeout} ms (commandTimeout). It may hang, be overloaded, be out of reach, or not speak ` +
      'as the URL says (rediss: is TLS): look at the server and the URL, or allow it more time.',
  );
}

export function tooMany(most: number): CacheUnavailableError {
  return new CacheUnavailableError(`${most} calls wait for Redis already. Ask less, or wait for answers.`);
}

/** Whether the server itself said so. */
function isServersWord(message: string): boolean {
  return /^[A-Z]+ /.test(message);
}

/** Whether an error of a call is that the server answered, and said no. */
export function isRefusal(error: unknown): boolean {
  const cause = error instanceof CacheUnavailableError ? error.cause : undefined;
  return cause instanceof Error && isServersWord(cause.message);
}

/** Whether it said no because what is there is no text, and so not of a cache. */
export function isWrongType(error: unknown): boolean {
  return isRefusal(error) && /WRONGTYPE/.test(((error as Error).cause as Error).message);
}

function messageOf(cause: unknown): string {
  // A name with several addresses, none of which answered: the message is empty.
  if (cause instanceof AggregateError) return cause.errors.map(messageOf).join(', ');
  const message = cause instanceof Error ? cause.message : String(cause);
  return message === 'Disconnects client' ? 'The connection was given up' : message;
}

function adviceOn(message: string): string {
  if (!isServersWord(message)) return 'Is it running there, and in reach? Connecting goes on behind.';
  if (message.startsWith('ERR DB index')) return 'The path of the URL is the number of a database of that server.';
  return ADVICE[message.slice(0, message.indexOf(' '))] ?? 'Look at the server.';
}
