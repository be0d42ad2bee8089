/** A random load of all operations until somebody kills it. Every value read is checked; acknowledged counts are filed. */
import { openSync, writeSync } from 'node:fs';
import { SharedCache } from 'locmem';
import { type Claim, claim, isTrue } from './claims.js';

const [location, maxBytes, writerText, tally] = process.argv.slice(2) as [string, '1mb', string, string];
const writer = Number(writerText);
const KEYS = 300;
const cache = new SharedCache({ location, maxBytes, ttl: '1h' });
const own = new SharedCache({ location, maxBytes, keyPrefix: `writer-${writer % 4}` });
const acknowledged = openSync(tally, 'a');
let sequence = 0;

function wrong(key: string, value: unknown): never {
  process.send!({ wrong: `${key}: ${JSON.stringify(value).slice(0, 300)}` });
  process.exit(1);
}

function check(key: string, value: Claim | undefined): void {
  if (value !== undefined && !isTrue(key, value)) wrong(key, value);
}

function oneOperation(): void {
  const key = `key:${Math.floor(KEYS * Math.random() ** 2)}`;
  const chance = Math.random() * 100;
  sequence++;
  if (chance < 45) check(key, cache.getSync<Claim>(key));
  else if (chance < 65) cache.setSync(key, claim(key, writer, sequence));
  else if (chance < 70) cache.addSync(key, claim(key, writer, sequence));
  else if (chance < 74) cache.deleteSync(key);
  else if (chance < 78) cache.touchSync(key, '2h');
  else if (chance < 80) own.setSync(key, claim(key, writer, sequence));
  else if (chance < 82) check(key, own.getSync<Claim>(key));
  else if (chance < 82.2) own.clearSync();
  else if (chance < 84) for (const [name, value] of cache.getManySync<Claim>([key, 'key:1'])) check(name, value);
  else if (chance < 86) cache.setManySync({ [key]: claim(key, writer, sequence) });
  else if (chance < 87 && cache.hasSync(key)) moveAndBack(key);
  else {
    cache.incrSync('counter');
    writeSync(acknowledged, '.');
  }
}

/** Others may delete it in between. */
function moveAndBack(key: string): void {
  try {
    cache.incrVersionSync(key);
    cache.decrVersionSync(key, 1, { version: 2 });
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_LOCMEM_KEY_NOT_FOUND') throw error;
  }
}

function go(): void {
  for (let i = 0; i < 500; i++) oneOperation();
  setImmediate(go);
}
process.send!('ready');
go();
