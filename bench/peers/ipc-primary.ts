import { answerFrom } from './ipc-cache.js';

/** A process that keeps a Map for the one that started it, and ends with it. */
answerFrom(new Map(), process);
process.on('disconnect', () => process.exit());
