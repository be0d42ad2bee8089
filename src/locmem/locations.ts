import { type Clock, systemClock } from '../core/clock.js';
import { InvalidConfigError, show } from '../core/errors.js';
import { LruPolicy } from './lru.js';
import type { EvictionPolicy, PolicyName } from './policy.js';
import { Store } from './store.js';
import type { StoreSettings } from './store-settings.js';
import { TinyLfuPolicy } from './tinylfu.js';

const POLICIES: Record<PolicyName, (maxEntries: number) => EvictionPolicy> = {
  lru: () => new LruPolicy(),
  tinylfu: (maxEntries) => new TinyLfuPolicy(maxEntries),
};

/** The named stores of this process, and how many caches have each of them open. */
const places = new Map<string, { readonly store: Store; openers: number }>();

/**
 * The store of `location`, made by the first who opens it; one of its own where there is no location.
 *
 * @throws InvalidConfigError if it is open with other settings.
 */
export function openStore(location: string | undefined, settings: StoreSettings, clock: Clock | undefined): Store {
  if (location === undefined) return makeStore(settings, clock);
  let place = places.get(location);
  if (place === undefined) {
    place = { store: makeStore(settings, clock), openers: 0 };
    places.set(location, place);
  } else checkAgreement(location, place.store, settings, clock);
  place.openers++;
  return place.store;
}

/** One cache less has `location` open; with the last one, its entries go. */
export function closeStore(location: string | undefined): void {
  if (location === undefined) return;
  const place = places.get(location)!;
  if (--place.openers === 0) places.delete(location);
}

function makeStore(settings: StoreSettings, clock: Clock = systemClock): Store {
  return new Store(settings, POLICIES[settings.policy](settings.maxEntries), clock);
}

function checkAgreement(location: string, store: Store, settings: StoreSettings, clock: Clock | undefined): void {
  for (const name of Object.keys(settings) as (keyof StoreSettings)[]) {
    if (settings[name] !== store.settings[name]) {
      throw new InvalidConfigError(
        `The location ${show(location)} is open with ${name} ${show(store.settings[name])}, and cannot be opened with ` +
          `${show(settings[name])}: who shares a location shares its settings. Pass the same, or choose another location.`,
      );
    }
  }
  if (clock !== undefined && clock !== store.clock) {
    throw new InvalidConfigError(`The location ${show(location)} is open with another clock. Pass the same one.`);
  }
}
