import type { Scenario } from '../contract.js';
import { asyncGet } from './async-get.js';
import { asyncGetOrSet } from './async-get-or-set.js';
import { diagnostics } from './diagnostics.js';
import { hit } from './hit.js';
import { memory } from './memory.js';
import { miss } from './miss.js';
import { object } from './object.js';
import { pause } from './pause.js';
import { redisGet, redisGetMany, redisGetOrSet, redisSet } from './redis-calls.js';
import { set } from './set.js';
import { sharedAttach } from './shared-attach.js';
import { sharedHit } from './shared-hit.js';
import { sharedLatency } from './shared-latency.js';
import { sharedProcesses } from './shared-processes.js';
import { sharedRead } from './shared-read.js';
import { sharedSet } from './shared-set.js';
import { stampede } from './stampede.js';
import { stampedeFleet } from './stampede-fleet.js';
import { tieredHit } from './tiered-hit.js';
import { update } from './update.js';
import { zipf } from './zipf.js';

/** In the order of the report. */
export const scenarios: readonly Scenario[] = [
  hit,
  miss,
  set,
  update,
  zipf,
  object,
  asyncGet,
  asyncGetOrSet,
  diagnostics,
  stampede,
  sharedHit,
  sharedRead,
  sharedSet,
  sharedProcesses,
  sharedLatency,
  sharedAttach,
  redisGet,
  redisSet,
  redisGetMany,
  redisGetOrSet,
  tieredHit,
  stampedeFleet,
  memory,
  pause,
];
