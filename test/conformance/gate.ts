/** A promise that a test settles when it likes: a factory that takes exactly as long as it should. */
export interface Gate<T> {
  readonly opened: Promise<T>;
  open(value: T): void;
  fail(reason: unknown): void;
}

export function gate<T>(): Gate<T> {
  let open!: (value: T) => void;
  let fail!: (reason: unknown) => void;
  const opened = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { opened, open, fail };
}

/** A factory whose run a test sees begin, and ends when it likes. */
export interface GatedRun<T> extends Gate<T> {
  readonly factory: () => Promise<T>;
  /** Resolves when the factory is first called: on a server that is after a round trip. */
  readonly begun: Promise<void>;
  /** How often the factory was called. */
  readonly count: number;
}

export function gatedRun<T>(): GatedRun<T> {
  const end = gate<T>();
  const begin = gate<void>();
  let count = 0;
  return {
    ...end,
    begun: begin.opened,
    factory() {
      count++;
      begin.open();
      return end.opened;
    },
    get count() {
      return count;
    },
  };
}
