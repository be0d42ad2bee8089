import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readEncodingOptions } from '#dist/encoding/encoding-options.js';
import { headerStart, readEnvelope, renewedHeader, VERSION_LENGTH } from '#dist/encoding/envelope.js';
import { ValueCodec } from '#dist/encoding/value-codec.js';

const codec = new ValueCodec(readEncodingOptions({}));
const extras = fc.record({
  staleFor: fc.nat(),
  loadTime: fc.double({ min: 0, noNaN: true }),
  tags: fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { maxLength: 5 }),
});
const values = fc.jsonValue();

function bytesOf(own: { staleFor: number; loadTime: number; tags: string[] }, value: unknown): Buffer {
  const versions = own.tags.map((_, i) => Buffer.alloc(VERSION_LENGTH, i));
  return Buffer.concat([headerStart(own), ...versions, Buffer.from(codec.encode(value) as string)]);
}

describe('the header of entries with extras', () => {
  it('says what was put into it, and where the value begins', () => {
    fc.assert(
      fc.property(extras, values, (own, value) => {
        const envelope = readEnvelope(bytesOf(own, value))!;
        assert.deepEqual([envelope.staleFor, envelope.loadTime, envelope.tags], [own.staleFor, own.loadTime, own.tags]);
        assert.deepEqual(
          envelope.versions.map(([first]) => first),
          [...own.tags.keys()],
        );
        assert.deepEqual(codec.decode(envelope.sealed), codec.decode(Buffer.from(codec.encode(value) as string)));
      }),
    );
  });

  it('is renewed with another time to be stale, and nothing else', () => {
    fc.assert(
      fc.property(extras, values, fc.nat(), (own, value, staleFor) => {
        const envelope = readEnvelope(bytesOf(own, value))!;
        const renewed = readEnvelope(Buffer.concat([renewedHeader(envelope, staleFor), envelope.sealed]))!;
        assert.equal(renewed.staleFor, staleFor);
        assert.deepEqual([renewed.tags, renewed.versions], [envelope.tags, envelope.versions]);
      }),
    );
  });

  it('is none where bytes are missing or others; and to the codec what has one is no value', () => {
    fc.assert(
      fc.property(extras, values, fc.nat(), fc.nat(255), (own, value, at, byte) => {
        const bytes = bytesOf(own, value);
        const { header } = readEnvelope(bytes)!;
        assert.equal(readEnvelope(bytes.subarray(0, at % header.length)), undefined);
        assert.equal(codec.decode(bytes), undefined);
        const damaged = Buffer.from(bytes);
        damaged[at % bytes.length] = byte;
        const read = readEnvelope(damaged);
        if (read !== undefined) assert.ok(read.header.length + read.sealed.length === damaged.length);
      }),
    );
  });
});
