/** Does one operation, and kills itself when it comes to a step of it for the n-th time; then says what the steps are. */
import { PrimitiveCache } from '../shared/primitive-cache.js';
import { OPERATIONS, OPTIONS } from './crash-operations.js';
import { watchSteps } from './steps.js';

const [location, name, fatal, round] = process.argv.slice(2) as [string, string, string?, string?];
const operation = OPERATIONS.find((one) => one.name === name)!;
const steps: string[] = [];
let rounds = 0;
let isWatching = operation.opens !== undefined;

watchSteps((what) => {
  if (!isWatching) return;
  steps.push(what);
  if (what === fatal && rounds++ === Number(round)) process.kill(process.pid, 'SIGKILL');
});

const cache = new PrimitiveCache({ location, ...OPTIONS });
isWatching = true;
operation.run(cache, location);
isWatching = false;
process.send!(steps);
