import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { runProgram } from '../child-program.js';
import { any, graph, plain } from '../core/arbitrary-values.js';
import { bytesOf, CODECS, codec } from './codecs.js';

/** A hang, not a slow machine. */
const LIMIT = 120_000;

/** Runs a program here with little memory. @returns what it said; how it ended. */
async function run(file: string, ...args: string[]): Promise<{ said: string; exit: unknown }> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, ['--max-old-space-size=256', path, ...args], { timeout: LIMIT });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const [code, signal] = await once(child, 'close');
  return { said, exit: signal ?? code };
}

describe('bytes that are not ours', () => {
  it('are a miss, whatever they claim, in little memory', async () => {
    const { said, exit } = await run('./hostile-process.js');
    assert.equal(exit, 0, said);
  });

  it('run nothing, crash nothing, change nothing, and are data if anything', async () => {
    const seed = 1 + Math.floor(Math.random() * 2 ** 31);
    const { said, exit } = await run('./fuzz-process.js', `${seed}`, '20000');
    assert.equal(exit, 0, `seed ${seed}: ${said}`);
    assert.ok(Number(said) > 0, 'nothing was ever read');
  });

  it('never throw', () => {
    const bytes = fc.tuple(fc.constantFrom(0x7b, 0x5b, 1, 2, 3, 4, 5, 6, 7, 8, 11), fc.uint8Array({ maxLength: 200 }));
    const reader = codec();
    fc.assert(
      fc.property(bytes, ([tag, rest]) => {
        reader.decode(Buffer.from([tag, ...rest]));
      }),
      { numRuns: 3000 },
    );
  });

  it('are a miss where they break off, and where they go on', () => {
    const value = fc.oneof(plain.value, any.value, graph).filter((it) => typeof it === 'object' && it !== null);
    for (const [title, by] of CODECS.filter(([name]) => !name.includes(','))) {
      fc.assert(
        fc.property(value, fc.nat(), (it, nat) => {
          const bytes = bytesOf(by, it);
          const end = nat % bytes.length;
          assert.equal(by.decode(bytes.subarray(0, end)), undefined, title);
          assert.equal(by.decode(Buffer.concat([bytes, Buffer.from([0x30])])), undefined, title);
        }),
        { numRuns: 500 },
      );
    }
  });

  it('do not spoil the next value', () => {
    const reader = codec();
    const value = { hello: 'world', list: [1, { a: new Date(0) }] };
    const bytes = bytesOf(reader, value);
    for (let end = 0; end < bytes.length; end++) {
      assert.equal(reader.decode(bytes.subarray(0, end)), undefined);
      assert.deepStrictEqual(reader.decode(bytes), value);
    }
  });
});

describe('what encoding needs', () => {
  it('is loaded when the first value needs it', async () => {
    const { stdout, stderr } = await runProgram(`
      import { createRequire } from 'node:module';
      import { codec } from './build/test/encoding/codecs.js';
      const { cache } = createRequire(import.meta.resolve('locmem'));
      const isLoaded = () => Object.keys(cache).some((file) => file.includes('msgpackr'));
      const plain = codec();
      plain.decode(Buffer.from(plain.encode('text')));
      plain.decode(Buffer.from([1, 0x81, 0xa1, 0x61, 1]));
      const before = isLoaded();
      plain.encode({});
      console.log(before, isLoaded());
    `);
    assert.equal(stdout, 'false true\n', stderr);
  });
});
