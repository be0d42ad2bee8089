import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { InputError } from '#dist/simulate/input-error.js';
import { policies } from '#dist/simulate/policies.js';
import { sharedHitRatio } from '#dist/simulate/shared-segment.js';
import { formatTable } from '#dist/simulate/table.js';
import { readReferences, readTrace, traceNames } from '#dist/simulate/trace-files.js';
import { generate } from '#dist/simulate/workloads.js';

const MAIN = fileURLToPath(import.meta.resolve('#dist/simulate/main.js'));
const HEADING = 'trace,size,opt,lru,sieve,s3fifo\n';

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'locmem-simulate-'));
  writeTrace('loop', [0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
  writeTrace('turn', [0, 1, 2, 2, 1, 0]);
  writeFileSync(join(directory, 'results.csv'), `${HEADING}loop,3,70,70,70,70\n`);
});
after(() => rmSync(directory, { recursive: true }));

function writeTrace(name: string, ids: number[]): void {
  const bytes = Buffer.alloc(4 * ids.length);
  for (const [at, id] of ids.entries()) bytes.writeUInt32LE(id, 4 * at);
  writeFileSync(join(directory, `${name}.u32.gz`), gzipSync(bytes));
}

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('trace files', () => {
  it('reads ids, counts keys and lists names', () => {
    assert.deepEqual(traceNames(directory), ['loop', 'turn']);
    const trace = readTrace(directory, 'turn');
    assert.deepEqual([...trace.accesses], [0, 1, 2, 2, 1, 0]);
    assert.equal(trace.keys, 3);
  });

  it('reads reference points by trace', () => {
    const points = readReferences(directory).get('loop');
    assert.deepEqual(points, [{ size: 3, ratios: { opt: 70, lru: 70, sieve: 70, s3fifo: 70 } }]);
    assert.equal(readReferences(join(directory, 'none')).size, 0);
  });

  it('says what is wrong with a file', () => {
    const other = mkdtempSync(join(directory, 'bad-'));
    assert.throws(() => traceNames(other), InputError);
    assert.throws(() => traceNames(join(other, 'none')), /cannot read the traces/);
    writeFileSync(join(other, 'plain.u32.gz'), 'not a gzip');
    assert.throws(() => readTrace(other, 'plain'), /cannot read .*plain/);
    writeFileSync(join(other, 'odd.u32.gz'), gzipSync(Buffer.alloc(7)));
    assert.throws(() => readTrace(other, 'odd'), /whole 32-bit ids/);
    writeFileSync(join(other, 'sparse.u32.gz'), gzipSync(Buffer.from([9, 0, 0, 0])));
    assert.throws(() => readTrace(other, 'sparse'), /access 0 is id 9/);
    writeFileSync(join(other, 'results.csv'), `${HEADING}loop,3,many\n`);
    assert.throws(() => readReferences(other), /line 2 is not/);
  });
});

describe('workloads', () => {
  it('are the same for the same seed, and number keys by first appearance', () => {
    const trace = generate('zipf-1.0', 4, 1_000);
    assert.deepEqual(generate('zipf-1.0', 4, 1_000), trace);
    assert.notDeepEqual(generate('zipf-1.0', 5, 1_000).accesses, trace.accesses);
    let next = 0;
    for (const id of trace.accesses) {
      assert.ok(id <= next);
      if (id === next) next++;
    }
    assert.equal(next, trace.keys);
  });
});

describe('table', () => {
  it('shows where a policy has no figure, and judges the others', () => {
    const points = [{ trace: 'a', size: 3, ratios: { shared: Number.NaN, lru: 40 } }];
    assert.match(formatTable(points, ['shared', 'lru']), /^a +3 +- +40\.00\*$/m);
  });

  it('marks the best policy, never the bound, and ends with the means', () => {
    const points = [
      { trace: 'a', size: 10, ratios: { lru: 50, sieve: 40, opt: 60 } },
      { trace: 'b', size: 20, ratios: { lru: 10, sieve: 30, opt: 40 } },
    ];
    assert.deepEqual(
      formatTable(points, ['lru', 'sieve', 'opt'])
        .split('\n')
        .map((line) => line.trim().split(/\s+/)),
      [
        ['trace', 'size', 'lru', 'sieve', 'opt'],
        ['a', '10', '50.00*', '40.00', '60.00'],
        ['b', '20', '10.00', '30.00*', '40.00'],
        ['mean', 'of', '2', '30.00', '35.00*', '50.00'],
      ],
    );
  });
});

describe('the shared segment as a policy', () => {
  it('keeps what was asked for, and no more entries than it was given', () => {
    const trace = generate('zipf-1.0', 1, 20_000);
    assert.ok(sharedHitRatio(trace, 500) > policies.lru(trace, 500, 1));
    const firstUses = new Set(trace.accesses).size / trace.accesses.length;
    assert.ok(sharedHitRatio(trace, trace.keys) <= 100 * (1 - firstUses) + 1e-9);
  });

  it('has no figure for fewer entries than its parts share', () => {
    assert.ok(Number.isNaN(sharedHitRatio(generate('zipf-1.0', 1, 100), 3)));
  });
});

describe('the simulator as a command', () => {
  it('prints a table, draws a picture and checks the references', () => {
    const out = join(directory, 'new', 'picture.svg');
    const { status, stdout } = run('--traces', directory, '--check', '--out', out);
    assert.match(stdout, /^loop +3 .*70\.00/m);
    assert.match(stdout, /check: 4 of 4 figures agree/);
    assert.equal(status, 0);
    const svg = readFileSync(out, 'utf8');
    assert.match(svg, /^<svg /);
    assert.ok(svg.includes('loop') && svg.includes('turn'));
  });

  it('fails the check where a figure disagrees', () => {
    const other = mkdtempSync(join(directory, 'off-'));
    writeFileSync(join(other, 'loop.u32.gz'), readFileSync(join(directory, 'loop.u32.gz')));
    writeFileSync(join(other, 'results.csv'), `${HEADING}loop,3,70,69.5,70,70\n`);
    const { status, stdout } = run('--traces', other, '--check', '--out', join(other, 'picture.svg'));
    assert.equal(status, 1);
    assert.match(stdout, /loop 3 lru: 70\.00, expected 69\.50/);
  });

  it('takes policies and sizes', () => {
    const out = join(directory, 'some.svg');
    const { stdout } = run('--traces', directory, '--policies', 'opt,lru', '--sizes', '1,2', '--out', out);
    assert.match(stdout, /^trace +size +opt +lru$/m);
    assert.match(stdout, /^turn +2 +33\.33 +33\.33\*$/m);
  });

  for (const [what, args] of Object.entries({
    'an unknown option': ['--trace', 'x'],
    'an unknown policy': ['--policies', 'lru,mru'],
    'a size of nothing': ['--sizes', '10,0'],
    'a size that is no number': ['--sizes', 'big'],
    'a seed that is no number': ['--seed', ''],
    'a directory that is not there': ['--traces', '/nowhere/at/all'],
    'a check without traces': ['--check'],
  })) {
    it(`refuses ${what} with one line and exit code 2`, () => {
      const { status, stdout, stderr } = run(...args);
      assert.equal(status, 2);
      assert.equal(stdout, '');
      assert.match(stderr, /^simulate: [^\n]+\n$/);
    });
  }
});
