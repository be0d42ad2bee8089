/** Who is to be told when a signal is aborted. One listener for all of them: Node warns of the eleventh. */
const leavers = new WeakMap<AbortSignal, Set<() => void>>();

/** @throws the signal's reason, if it is aborted. */
export function checkNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw signal.reason;
}

/** What `promise` settles to; the signal's reason if that is aborted before, and then `left` is called. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal, left?: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      reject(signal.reason);
      left?.();
    };
    promise.then(resolve, reject).finally(() => forget(signal, leave));
    if (signal.aborted) leave();
    else tell(signal, leave);
  });
}

function tell(signal: AbortSignal, leave: () => void): void {
  const known = leavers.get(signal);
  if (known !== undefined) known.add(leave);
  else {
    leavers.set(signal, new Set([leave]));
    signal.addEventListener('abort', allLeave);
  }
}

function forget(signal: AbortSignal, leave: () => void): void {
  const known = leavers.get(signal);
  if (!known?.delete(leave) || known.size > 0) return;
  leavers.delete(signal);
  signal.removeEventListener('abort', allLeave);
}

function allLeave(event: Event): void {
  const signal = event.target as AbortSignal;
  const known = leavers.get(signal);
  leavers.delete(signal);
  signal.removeEventListener('abort', allLeave);
  for (const leave of known ?? []) leave();
}
