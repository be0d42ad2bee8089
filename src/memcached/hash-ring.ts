/** Points on the ring for each server, as ketama has it: shares differ by a tenth or so, and looking takes 11 steps for 16 servers. */
const POINTS = 160;

/**
 * Says which server keeps a key, so that one server more or less moves only that server's share of the keys (consistent
 * hashing): servers have many points on a ring of 2³² places, and a key belongs to the first point after its own.
 */
export class HashRing {
  readonly #servers: readonly string[];
  readonly #places: Uint32Array;
  /** The server at each place, by its number. */
  readonly #owners: Uint16Array;

  constructor(servers: readonly string[]) {
    this.#servers = servers;
    const points = servers.flatMap((server, owner) =>
      Array.from({ length: POINTS }, (_, i) => ({ place: hash(`${server}-${i}`), owner })),
    );
    // Two points at one place: the same one wins, whatever the order of the servers.
    points.sort((a, b) => a.place - b.place || (servers[a.owner]! < servers[b.owner]! ? -1 : 1));
    this.#places = Uint32Array.from(points, ({ place }) => place);
    this.#owners = Uint16Array.from(points, ({ owner }) => owner);
  }

  serverOf(name: string): string {
    if (this.#servers.length === 1) return this.#servers[0]!;
    const place = hash(name);
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#places[middle]! < place) low = middle + 1;
      else high = middle;
    }
    return this.#servers[this.#owners[low === this.#places.length ? 0 : low]!]!;
  }
}

/** FNV-1a over the UTF-16 units, and MurmurHash3's last mixing, without which keys that differ at their ends are neighbours. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
