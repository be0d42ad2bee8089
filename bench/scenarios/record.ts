import type { Isolation, SyncStore } from '../contract.js';

/** Ten fields that JSON carries too, so that every contender can store the same thing. */
export interface RecordValue {
  id: number;
  name: string;
  email: string;
  age: number;
  score: number;
  active: boolean;
  role: string;
  city: string;
  joined: string;
  deleted: null;
}

export function makeRecord(id: number): RecordValue {
  return {
    id,
    name: `Ada Lovelace ${id}`,
    email: `ada.${id}@example.org`,
    age: 18 + (id % 60),
    score: id / 7,
    active: id % 2 === 0,
    role: 'editor',
    city: 'London',
    joined: '1833-06-05T12:00:00.000Z',
    deleted: null,
  };
}

/** Fails the benchmark when a contender does not isolate its values in the way that its row claims. */
export function expectIsolation(store: SyncStore, isolation: Isolation): void {
  const stored = makeRecord(0);
  store.set('probe', stored);
  const first = store.get('probe') as RecordValue;
  const shared = first === store.get('probe');
  if (JSON.stringify(first) !== JSON.stringify(stored)) throw new Error('wrong answers: a record came back changed');
  if (isolation === 'reference' && first !== stored) throw new Error('wrong answers: not the stored object itself');
  if (isolation === 'frozen' && !(shared && Object.isFrozen(first)))
    throw new Error('wrong answers: not one frozen object');
  if (isolation === 'copy' && (shared || first === stored))
    throw new Error('wrong answers: a reader shares its object');
}
