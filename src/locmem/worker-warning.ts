import cluster from 'node:cluster';

let hasWarned = false;

/** Whether this process is one of several that run the same program: a cluster worker, or one of PM2's instances. */
function isOneOfSeveralWorkers(isClusterWorker: boolean, env: NodeJS.ProcessEnv): boolean {
  if (isClusterWorker) return true;
  return env.pm_id !== undefined && ((env.instances ?? '1') !== '1' || Number(env.NODE_APP_INSTANCE) > 0);
}

/** Tells a worker once that its `LocMemCache` is its own: what it stores, the other workers miss. */
export function warnIfOneOfSeveralWorkers(): void {
  if (hasWarned || !isOneOfSeveralWorkers(cluster.isWorker, process.env)) return;
  hasWarned = true;
  process.emitWarning(
    'This process is one of several workers, and a LocMemCache is private to its process: what this worker stores, ' +
      'the others miss, and what it deletes, they keep. For one cache for all workers of a machine use SharedCache.',
    { type: 'LocMemCacheWarning', code: 'LOCMEM_NOT_SHARED' },
  );
}
