import { InvalidConfigError, show } from '../core/errors.js';
import { checkKnownOptions } from '../core/options.js';
import { type Size, sizeInBytes } from '../core/size.js';
import { type CompressionAlgorithm, type CompressionSettings, hasZstd } from './compression.js';

/** How objects and strings become bytes; what it does not carry goes as V8's structured clone. */
export type Serializer = 'msgpack' | 'json';

/** Which values are compressed, and how. */
export interface CompressionOptions {
  algorithm: CompressionAlgorithm;

  /** Values of at least so many bytes are compressed, if that makes them smaller. Default: `'10kb'`. */
  threshold?: Size;

  /** Smaller values against time: gzip 1 to 9, brotli 0 to 11, zstd 1 to 22. Default: gzip 6, brotli 4, zstd 3. */
  level?: number;
}

/** How a cache on a server makes bytes of values. Caches with different options read what the others wrote. */
export interface EncodingOptions {
  /**
   * `'msgpack'`: small and fast. `'json'`: plain JSON text wherever JSON carries the value, for readers in other
   * languages. Numbers, `null` and booleans are plain text with both. Default: `'msgpack'`.
   */
  serializer?: Serializer;

  /**
   * Compresses large values: the algorithm, or an object with `algorithm`, `threshold` and `level`. It is done at the
   * call, since writes must keep their order, and takes this thread's time. Default: no compression.
   */
  compression?: CompressionAlgorithm | CompressionOptions;
}

/** {@link EncodingOptions}, checked, with the defaults filled in. */
export interface EncodingSettings {
  readonly serializer: Serializer;
  readonly compression: CompressionSettings | undefined;
}

/** The names of {@link EncodingOptions}, for `checkKnownOptions`. */
export const ENCODING_OPTIONS: readonly string[] = ['serializer', 'compression'];

const SERIALIZERS: readonly Serializer[] = ['msgpack', 'json'];
const LEVELS: Record<CompressionAlgorithm, { lowest: number; highest: number; usual: number }> = {
  gzip: { lowest: 1, highest: 9, usual: 6 },
  // 11, which is zlib's default, takes sixty times as long.
  brotli: { lowest: 0, highest: 11, usual: 4 },
  zstd: { lowest: 1, highest: 22, usual: 3 },
};
const ALGORITHMS = Object.keys(LEVELS);

/** {@link EncodingSettings} out of a cache's options. @throws InvalidConfigError naming the option at fault. */
export function readEncodingOptions(options: EncodingOptions): EncodingSettings {
  const { serializer = 'msgpack', compression } = options;
  if (!SERIALIZERS.includes(serializer)) {
    throw new InvalidConfigError(`serializer is one of ${SERIALIZERS.join(', ')}; got ${show(serializer)}.`);
  }
  return { serializer, compression: compression === undefined ? undefined : readCompression(compression) };
}

function readCompression(compression: CompressionAlgorithm | CompressionOptions): CompressionSettings {
  const options = typeof compression === 'object' ? compression : { algorithm: compression };
  checkKnownOptions('compression', options, ['algorithm', 'threshold', 'level']);
  const { algorithm, threshold = '10kb' } = options;
  if (!ALGORITHMS.includes(algorithm)) {
    throw new InvalidConfigError(
      `compression is one of ${ALGORITHMS.join(', ')}, or an object whose algorithm is; got ${show(algorithm)}.`,
    );
  }
  if (algorithm === 'zstd' && !hasZstd()) {
    throw new InvalidConfigError(
      `compression 'zstd' needs Node.js 22.15, 23.8 or later; this is ${process.version}. Use 'gzip' or 'brotli'.`,
    );
  }
  const { lowest, highest, usual } = LEVELS[algorithm];
  const { level = usual } = options;
  if (!Number.isInteger(level) || level < lowest || level > highest) {
    throw new InvalidConfigError(
      `compression.level of ${algorithm} is a whole number from ${lowest} to ${highest}; got ${show(level)}.`,
    );
  }
  return { algorithm, threshold: sizeInBytes('compression.threshold', threshold), level };
}
