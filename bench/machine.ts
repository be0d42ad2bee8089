import { readFileSync } from 'node:fs';
import { cpus, platform, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoaderPeer, ServerPeer, SharedPeer } from './contract.js';
import { markdownTable } from './markdown.js';
import {
  asyncPeers,
  objectPeers,
  onlyLoaders,
  serverPeers,
  sharedPeers,
  syncPeers,
  takesPart,
  tieredPeers,
} from './peers/roster.js';
import { serverVersion } from './servers.js';

/** Date, engine and machine, for the head of the report. */
export function describeMachine(now: Date): string[] {
  const cores = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB of memory`;
  return [
    `- ${now.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    `- Node.js ${process.version}, V8 ${process.versions.v8}`,
    `- ${platform()} ${process.arch}, ${cores.length} cores: ${cores[0]?.model.trim()}, ${memory}`,
  ];
}

/** Who takes part, at which version, and with which settings. */
export function describePeers(): string[] {
  const rows = [
    ...[...syncPeers, ...objectPeers, ...asyncPeers].map(({ name, package: id, setting }) => {
      return [name, id === null ? '' : versionOf(id), setting];
    }),
    ...[...sharedPeers, ...serverPeers, ...tieredPeers, ...onlyLoaders].map((peer) => [
      peer.name,
      versions(peer),
      peer.setting,
    ]),
  ];
  return markdownTable(['contender', 'version', 'settings'], ['left', 'left', 'left'], rows);
}

/** Of the package, and of the server it talks to. */
function versions(peer: SharedPeer | ServerPeer | LoaderPeer): string {
  const version = peer.package === null ? '' : versionOf(peer.package);
  if (peer.server === undefined) return version;
  if (!takesPart(peer)) return `left out: no ${peer.server} on the PATH`;
  return `${version}; server ${serverVersion(peer.server)}`;
}

/** Read from the package's own package.json, which `exports` may hide from an import. */
function versionOf(id: string): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    for (const file of [join(folder, 'node_modules', id, 'package.json'), join(folder, 'package.json')]) {
      const found = readPackage(file);
      if (found?.name === id) return found.version;
    }
    if (folder === dirname(folder)) return 'unknown';
  }
}

function readPackage(file: string): { name: string; version: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { name: string; version: string };
  } catch {
    return undefined;
  }
}
