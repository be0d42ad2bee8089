import { constants } from 'node:buffer';
import { createRequire } from 'node:module';
import type * as Zlib from 'node:zlib';

/** What compresses a value: `zstd` needs Node 22.15, 23.8 or later. */
export type CompressionAlgorithm = 'gzip' | 'brotli' | 'zstd';

/** Which values are compressed, and how: those of at least `threshold` bytes. */
export interface CompressionSettings {
  readonly algorithm: CompressionAlgorithm;
  readonly threshold: number;
  readonly level: number;
}

/** Of zlib, what this version of Node may not have, nor its types know. */
interface Zstd {
  zstdCompressSync?(bytes: Uint8Array, options: object): Buffer;
  zstdDecompressSync?(bytes: Uint8Array, options: object): Buffer;
}

/** A few bytes can claim to be gigabytes: no more is made of them than this many times their number, */
const MOST_GROWTH = 100;
/** or this much, whatever their number. What shrinks further is kept as it is. */
const ALWAYS_ALLOWED = 2 ** 20;

let loaded: (typeof Zlib & Zstd) | undefined;

/** Loaded when the first value needs it: 1.5 ms that those who do not compress do not wait for. */
function zlib(): typeof Zlib & Zstd {
  loaded ??= createRequire(import.meta.url)('node:zlib') as typeof Zlib & Zstd;
  return loaded;
}

export function hasZstd(): boolean {
  return zlib().zstdCompressSync !== undefined;
}

/** @returns `undefined` if that does not make the bytes smaller, or so small that {@link decompress} would suspect them. */
export function compress(bytes: Uint8Array, { algorithm, level }: CompressionSettings): Buffer | undefined {
  const compressed = compressWith(algorithm, level, bytes);
  return compressed.length < bytes.length && bytes.length <= largestOf(compressed) ? compressed : undefined;
}

function compressWith(algorithm: CompressionAlgorithm, level: number, bytes: Uint8Array): Buffer {
  const { gzipSync, brotliCompressSync, zstdCompressSync, constants: parameters } = zlib();
  switch (algorithm) {
    case 'gzip':
      return gzipSync(bytes, { level });
    case 'brotli':
      return brotliCompressSync(bytes, {
        params: { [parameters.BROTLI_PARAM_QUALITY]: level, [parameters.BROTLI_PARAM_SIZE_HINT]: bytes.length },
      });
    case 'zstd':
      return zstdCompressSync!(bytes, { params: { [ZSTD_COMPRESSION_LEVEL]: level } });
  }
}

/** `constants.ZSTD_c_compressionLevel`, where there is zstd. */
const ZSTD_COMPRESSION_LEVEL = 100;

/** @throws if the bytes are not what {@link compress} made, or this version of Node has no such algorithm. */
export function decompress(bytes: Uint8Array, algorithm: CompressionAlgorithm): Buffer {
  const { gunzipSync, brotliDecompressSync, zstdDecompressSync } = zlib();
  const options = { maxOutputLength: largestOf(bytes) };
  switch (algorithm) {
    case 'gzip':
      return gunzipSync(bytes, options);
    case 'brotli':
      return brotliDecompressSync(bytes, options);
    case 'zstd':
      return zstdDecompressSync!(bytes, options);
  }
}

function largestOf(compressed: Uint8Array): number {
  return Math.min(Math.max(ALWAYS_ALLOWED, compressed.length * MOST_GROWTH), constants.MAX_LENGTH);
}
