import { Flights } from '../load/flights.js';
import type { KeyvInstance } from './keyv-instance.js';
import { NameQueues } from './name-queues.js';
import { Rows } from './rows.js';

/** What all caches of this process on one Keyv have in common. */
export interface Place {
  readonly rows: Rows;
  readonly queues: NameQueues;
  session: Session;
}

/** The time while any cache is open there. A run stores nothing in a later one. */
export interface Session {
  readonly flights: Flights;
  /** How many caches are open. */
  users: number;
}

const places = new WeakMap<KeyvInstance, Place>();

/** The place of a Keyv, with one user more. */
export function enterPlace(keyv: KeyvInstance): Place {
  let place = places.get(keyv);
  if (place === undefined) {
    place = { rows: new Rows(keyv), queues: new NameQueues(), session: newSession() };
    places.set(keyv, place);
  } else if (place.session.users === 0) place.session = newSession();
  place.session.users++;
  return place;
}

function newSession(): Session {
  return { flights: new Flights(), users: 0 };
}
