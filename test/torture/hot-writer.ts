/** Writes large values of all sizes, so that the logs of a small segment come round all the time. */
import { SharedCache } from 'locmem';

const [location, maxBytes, keys] = process.argv.slice(2) as [string, string, string];
const cache = new SharedCache({ location, maxBytes: Number(maxBytes) });
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

function go(from: number): void {
  for (let i = from; i < from + 1000; i++) {
    cache.setSync(`key:${i % Number(keys)}`, LETTERS[i % 26]!.repeat(200 + ((i * 7919) % 6000)));
  }
  setImmediate(go, from + 1000);
}
process.send!('ready');
go(0);
