import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { occurrences, runProgram } from '../child-program.js';

const USE = `
  import { LocMemCache, cache } from 'locmem';
  cache.setSync('k', 1);
  new LocMemCache().setSync('k', 1);
  new LocMemCache({ location: 'other' }).getSync('k');
`;

/** How often a program that uses several caches is warned. */
async function warnings(env: NodeJS.ProcessEnv, program = USE): Promise<number> {
  const { stderr, exit } = await runProgram(program, env);
  assert.equal(exit, 0, stderr);
  const warned = occurrences(stderr, 'LocMemCacheWarning');
  if (warned > 0) assert.match(stderr, /LOCMEM_NOT_SHARED.*(SharedCache|workers)/s);
  return warned;
}

describe('the worker warning', () => {
  it('does not come in a single process', async () => assert.equal(await warnings({}), 0));

  it('comes once in one of several PM2 instances', async () => {
    assert.equal(await warnings({ pm_id: '0', instances: '4', NODE_APP_INSTANCE: '0' }), 1);
    assert.equal(await warnings({ pm_id: '0', instances: 'max', NODE_APP_INSTANCE: '0' }), 1);
    assert.equal(await warnings({ pm_id: '0', instances: '4' }), 1);
    assert.equal(await warnings({ pm_id: '3', NODE_APP_INSTANCE: '3' }), 1);
  });

  it('does not come in the only PM2 instance', async () => {
    assert.equal(await warnings({ pm_id: '0', instances: '1', NODE_APP_INSTANCE: '0' }), 0);
    assert.equal(await warnings({ pm_id: '0', instances: '1' }), 0);
    assert.equal(await warnings({ pm_id: '0' }), 0);
  });

  it('does not come because of variables that are not of PM2', async () => {
    assert.equal(await warnings({ instances: '4', NODE_APP_INSTANCE: '2' }), 0);
  });

  it('comes once in each cluster worker, and not in the primary', async () => {
    const program = `
      import cluster from 'node:cluster';
      import { LocMemCache, cache } from 'locmem';
      cache.setSync('k', 1);
      new LocMemCache().setSync('k', 1);
      if (cluster.isPrimary) for (let i = 0; i < 2; i++) cluster.fork();
      else setImmediate(() => cluster.worker.disconnect());
    `;
    // A worker runs the file that its primary runs, so there must be a file; inside the package, to find 'locmem'.
    const source = `
      import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
      import { join } from 'node:path';
      import { spawnSync } from 'node:child_process';
      const folder = mkdtempSync(join(process.cwd(), 'build', 'cluster-'));
      const file = join(folder, 'primary.mjs');
      writeFileSync(file, ${JSON.stringify(program)});
      const { stderr, status } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
      rmSync(folder, { recursive: true });
      process.stderr.write(stderr);
      process.exitCode = status;
    `;
    assert.equal(await warnings({}, source), 2);
  });

  it('does not come where no LocMemCache is used', async () => {
    const program = `import { DummyCache, cache } from 'locmem'; new DummyCache().setSync('k', 1); void cache;`;
    assert.equal(await warnings({ pm_id: '0', instances: '4' }, program), 0);
  });
});
