import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { crc32 } from './record.js';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const TEN_MINUTES = 600_000;

/**
 * A number for this run of the machine: another after each boot. Where the system does not give it a name, it goes by when
 * it began; where the clock was set since, two numbers stand for one run, which costs what is cached on a disk.
 */
export function bootNumber(): number {
  try {
    return crc32(readFileSync(BOOT_ID)) | 0;
  } catch {
    return Math.round((Date.now() - uptime() * 1000) / TEN_MINUTES);
  }
}
