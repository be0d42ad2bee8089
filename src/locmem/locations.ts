import { type Clock, systemClock } from '../core/clock.js';
import { InvalidConfigError, show } from '../core/errors.js';
import { LruPolicy } from './lru.js';
import type { EvictionPolicy, PolicyName } from './policy.js';
import { Store } from './store.js';
import type { StoreSettings } from './store-settings.js';
import { TinyLfuPolicy } from './tinylfu.js';

const POLICIES: Record<PolicyName, () => EvictionPolicy> = {
  lru: () => new LruPolicy(),
  tinylfu: () => new TinyLfuPolicy(),
};

/** The named stores of this process, and how many caches have each of them open. */
const places = new Map<string, { readonly store: Store; openers: number }>();

/**
 * The store of `location`, made by the first who opens it; one of its own where there is no location.
 *
 * @param joins whether a store that is open already is joined whatever its settings.
 * @throws InvalidConfigError if it is open with other settings.
 */
export function openStore(
  location: string | undefined,
  settings: StoreSettings,
  clock: Clock | undefined,
  joins: boolean,
): Store {
  if (location === undefined) return makeStore(settings, clock);
  let place = places.get(location);
  if (place === undefined) {
    place = { store: makeStore(settings, clock), openers: 0 };
    places.set(location, place);
  } else if (!joins) checkAgreement(location, place.store, settings, clock);
  place.openers++;
  return place.store;
}

/** The store of `location` if anybody has it open. */
export function storeAt(location: string | undefined): Store | undefined {
  return location === undefined ? undefined : places.get(location)?.store;
}

/** One cache less has `store` open; with the last one, its entries go. */
export function closeStore(location: string | undefined, store: Store): void {
  const place = location === undefined ? undefined : places.get(location);
  if (place !== undefined && --place.openers > 0) return;
  if (location !== undefined) places.delete(location);
  store.clear();
}

function makeStore(settings: StoreSettings, clock: Clock = systemClock): Store {
  return new Store(settings, POLICIES[settings.policy](), clock);
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
