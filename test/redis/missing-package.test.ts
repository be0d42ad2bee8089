import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PACKAGE_ROOT = dirname(fileURLToPath(import.meta.resolve('locmem/package.json')));

describe('an installation without the package redis', () => {
  let root: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'locmem-without-redis-'));
    const installed = join(root, 'node_modules/locmem');
    mkdirSync(installed, { recursive: true });
    for (const part of ['package.json', 'dist']) {
      cpSync(join(PACKAGE_ROOT, part), join(installed, part), { recursive: true });
    }
    for (const name of ['koffi', 'ms', 'msgpackr']) {
      symlinkSync(join(PACKAGE_ROOT, 'node_modules', name), join(root, 'node_modules', name));
    }
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  it('has a RedisCache, whose calls name what to install, failOpen or not, and the program ends', async () => {
    const program = `
      import { InvalidConfigError, RedisCache } from 'locmem';
      for (const options of [{}, { failOpen: true }, { urls: ['redis://localhost'] }]) {
        const cache = new RedisCache(options);
        for (const call of [() => cache.get('k'), () => cache.set('k', 1), () => cache.getMany(['k'])]) {
          const error = await call().catch((error) => error);
          console.log(error instanceof InvalidConfigError, error.cause?.code, error.message);
        }
      }`;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: root,
      timeout: 20_000,
    });
    assert.equal(stderr, '');
    const lines = stdout.trim().split('\n');
    assert.equal(lines.length, 9);
    for (const line of lines) assert.match(line, /^true ERR_MODULE_NOT_FOUND .*: npm install redis$/);
  });
});
