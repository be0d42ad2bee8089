import * as zlib from 'node:zlib';
import type { CompressionAlgorithm } from '#dist/encoding/compression.js';
import { type EncodingOptions, readEncodingOptions } from '#dist/encoding/encoding-options.js';
import { ValueCodec } from '#dist/encoding/value-codec.js';

export const HAS_ZSTD = 'zstdCompressSync' in zlib;

/** What this version of Node has. */
export const ALGORITHMS: readonly CompressionAlgorithm[] = HAS_ZSTD ? ['gzip', 'brotli', 'zstd'] : ['gzip', 'brotli'];

export function codec(options: EncodingOptions = {}): ValueCodec {
  return new ValueCodec(readEncodingOptions(options));
}

/** A codec of each way to write. */
export const CODECS: readonly (readonly [title: string, codec: ValueCodec])[] = [
  ['msgpack', codec()],
  ['json', codec({ serializer: 'json' })],
  ...ALGORITHMS.map(
    (algorithm) => [`msgpack, ${algorithm}`, codec({ compression: { algorithm, threshold: 1 } })] as const,
  ),
  ['json, gzip', codec({ serializer: 'json', compression: { algorithm: 'gzip', threshold: 1 } })],
];

/** The bytes that a server would hand back. */
export function bytesOf(codec: ValueCodec, value: unknown): Buffer {
  return Buffer.from(codec.encode(value));
}
