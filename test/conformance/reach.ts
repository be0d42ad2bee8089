/** Changes all that can be reached from `value`: what a careless owner of it might do. */
export function vandalize(value: object, met = new Set<object>()): void {
  if (met.has(value)) return;
  met.add(value);
  for (const inner of reachable(value)) vandalize(inner, met);
  for (const change of changesOf(value)) {
    try {
      change();
    } catch (error) {
      // It is frozen, which is as good.
      if (!(error instanceof TypeError)) throw error;
    }
  }
}

/** Whether nothing that can be reached from `value` can be changed. */
export function isDeepFrozen(value: object, met = new Set<object>()): boolean {
  if (met.has(value)) return true;
  met.add(value);
  return Object.isFrozen(value) && reachable(value).every((inner) => isDeepFrozen(inner, met));
}

function reachable(value: object): object[] {
  const inner: unknown[] = [];
  if (value instanceof Map) inner.push(...value.keys(), ...value.values());
  else if (value instanceof Set) inner.push(...value);
  else if (!ArrayBuffer.isView(value)) {
    for (const name of Object.getOwnPropertyNames(value)) inner.push((value as Record<string, unknown>)[name]);
  }
  return inner.filter((one): one is object => typeof one === 'object' && one !== null);
}

function changesOf(value: object): (() => unknown)[] {
  if (ArrayBuffer.isView(value)) {
    return [() => new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength).fill(77)];
  }
  if (value instanceof ArrayBuffer) return [() => new Uint8Array(value).fill(77)];
  if (value instanceof Date) return [() => value.setTime(77)];
  if (value instanceof Map) return [() => value.clear(), () => value.set('vandal', 77)];
  if (value instanceof Set) return [() => value.clear(), () => value.add(77)];
  const fields = value as Record<string, unknown>;
  const changes: (() => unknown)[] = Object.keys(value).map((name) => () => {
    fields[name] = 77;
  });
  changes.push(() => {
    fields.vandal = 77;
  });
  if (value instanceof Error) {
    changes.push(() => {
      value.message = 'vandal';
    });
  }
  if (value instanceof RegExp) {
    changes.push(() => {
      value.lastIndex = 77;
    });
  }
  if (Array.isArray(value))
    changes.push(
      () => value.push(77),
      () => value.reverse(),
    );
  return changes;
}
