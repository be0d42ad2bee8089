import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** A file that the browser may ask for. */
export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
}

// tsc compiles examples/ into build/examples/ and leaves what is not TypeScript where it is.
const page = new URL('../../../examples/cities/page/', import.meta.url);
const require = createRequire(import.meta.url);

const FILES: Readonly<Record<string, { type: string; file: URL }>> = {
  '/': { type: 'text/html; charset=utf-8', file: new URL('index.html', page) },
  '/page.css': { type: 'text/css; charset=utf-8', file: new URL('page.css', page) },
  '/figures.css': { type: 'text/css; charset=utf-8', file: new URL('figures.css', page) },
  '/weather.css': { type: 'text/css; charset=utf-8', file: new URL('weather.css', page) },
  '/page.js': script(new URL('page.js', page)),
  '/charts.js': script(new URL('charts.js', page)),
  '/figures.js': script(new URL('figures.js', page)),
  '/map.js': script(new URL('map.js', page)),
  '/search.js': script(new URL('search.js', page)),
  '/weather.js': script(new URL('weather.js', page)),
  '/icon.svg': { type: 'image/svg+xml', file: new URL('icon.svg', page) },
  '/echarts.js': script(pathToFileURL(require.resolve('echarts/dist/echarts.min.js'))),
};

function script(file: URL): { type: string; file: URL } {
  return { type: 'text/javascript; charset=utf-8', file };
}

/** Only files named here are ever read: a path from the network is looked up, never joined to a folder. */
export async function pageFile(path: string): Promise<PageFile | undefined> {
  if (!Object.hasOwn(FILES, path)) return undefined;
  const { type, file } = FILES[path];
  return { type, body: await readFile(file) };
}
