import { Flights } from '../load/flights.js';
import { Leases } from '../load/leases.js';
import { Connection } from './connection.js';
import { RedisLeaseServer } from './lease-server.js';
import type { RedisSettings } from './redis-options.js';

/** What the caches of this process that name one server have in common, while any of them is open. */
export class Place {
  readonly connection: Connection;
  readonly flights = new Flights();
  readonly leases = new Leases();
  readonly leaseServer: RedisLeaseServer;
  users = 0;

  constructor({ target, commandTimeout }: Pick<RedisSettings, 'target' | 'commandTimeout'>) {
    this.connection = new Connection(target, commandTimeout);
    this.leaseServer = new RedisLeaseServer(this.connection);
  }
}

const byAddress = new Map<string, Place>();
const byClient = new WeakMap<object, Place>();

/** The place of these settings, with one user more. */
export function enterPlace(settings: RedisSettings): Place {
  const { target } = settings;
  const known = target.kind === 'client' ? byClient.get(target.client) : byAddress.get(nameOf(settings));
  const place = known ?? new Place(settings);
  if (target.kind === 'client') byClient.set(target.client, place);
  else byAddress.set(nameOf(settings), place);
  place.users++;
  return place;
}

/** The last one closes the connection. */
export async function leavePlace(settings: RedisSettings, place: Place): Promise<void> {
  if (--place.users > 0) return;
  const { target } = settings;
  if (target.kind === 'client') byClient.delete(target.client);
  else byAddress.delete(nameOf(settings));
  await place.leases.close();
  await place.connection.close();
}

function nameOf({ target, commandTimeout }: RedisSettings): string {
  return JSON.stringify([target, commandTimeout]);
}
