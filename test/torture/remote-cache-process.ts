/** Has a cache open, and calls its methods for another process. Its clock can be moved on by hand. */
import type { SharedCacheOptions } from 'locmem';
import { PrimitiveCache } from '../shared/primitive-cache.js';
import type { Answer, Question } from './remote-cache.js';

let ahead = 0;
const clock = { now: () => Date.now() + ahead };
const options = JSON.parse(process.argv[2]!) as SharedCacheOptions;
const cache = new PrimitiveCache({ ...options, clock });

process.on('message', ({ method, args }: Question) => {
  let answer: Answer;
  try {
    if (method === 'advance') ahead += args[0] as number;
    const result = method === 'advance' ? ahead : (cache[method] as (...args: unknown[]) => unknown)(...args);
    answer = { result };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.send!(answer);
});
process.send!('open');
