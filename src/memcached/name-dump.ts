import { CacheError, CacheUnavailableError } from '../core/errors.js';
import type { Connect, ConnectionSettings } from './connection.js';

/** Walks through the hash table: all keys. memcached has it since 1.6.9. */
const DUMP = 'lru_crawler metadump hash\r\n';
/** Walks through the LRU lists, which leaves out entries that were read a moment ago: they are being moved. */
const DUMP_OF_OLD = 'lru_crawler metadump all\r\n';
/** Another dump is under way: milliseconds until it is asked for again. */
const BUSY_PAUSE = 20;

/**
 * The stored keys of a server that are `isWanted`, by its crawler, over a connection of its own: it may take long, and
 * nobody else should wait behind it.
 *
 * @param timeout milliseconds that the server may send nothing.
 * @throws CacheUnavailableError if it does not answer, CacheError if it refuses to name its keys.
 */
export function dumpNames(
  address: string,
  connect: Connect,
  settings: ConnectionSettings,
  isWanted: (name: string) => boolean,
  timeout: number,
): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const names: string[] = [];
    let rest = '';
    let dump = DUMP;
    const begun = performance.now();
    let timer = setTimeout(giveUp, timeout);
    const connection = connect(address, settings, {
      onLost: (cause) => {
        clearTimeout(timer);
        reject(unavailable(cause));
      },
      onData(bytes) {
        timer.refresh();
        const lines = (rest + bytes.toString('latin1')).split('\n');
        rest = lines.pop()!;
        for (const line of lines) read(line.trimEnd());
      },
    });
    connection.socket.write(dump);

    function read(line: string): void {
      if (line.startsWith('key=')) {
        const name = decode(line.slice(4, line.indexOf(' ')));
        if (name !== undefined && isWanted(name)) names.push(name);
      } else if (line.startsWith('BUSY') && performance.now() - begun < timeout) {
        clearTimeout(timer);
        timer = setTimeout(() => {
          timer = setTimeout(giveUp, timeout);
          connection.socket.write(dump);
        }, BUSY_PAUSE);
      } else if (line.startsWith('BADCLASS') && dump === DUMP) {
        dump = DUMP_OF_OLD;
        connection.socket.write(dump);
      } else if (line === 'END') {
        finish();
        resolve(names);
      } else if (line !== '') {
        finish();
        reject(line.startsWith('BUSY') ? unavailable(new Error(line)) : refusal(line));
      }
    }

    function giveUp(): void {
      connection.close();
    }

    function finish(): void {
      clearTimeout(timer);
      connection.close();
    }

    function unavailable(cause: Error): CacheUnavailableError {
      return new CacheUnavailableError(`The memcached server ${address} did not name its keys.`, { cause });
    }

    function refusal(line: string): CacheError {
      return new CacheError(
        `The memcached server ${address} does not name its keys (${line}), which clear() of a cache with a keyPrefix ` +
          'needs. Allow it the crawler (-o lru_crawler), or delete the keys by name.',
      );
    }
  });
}

/** A key as it stands in a dump; `undefined` if it is not UTF-8, and so none of ours. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
