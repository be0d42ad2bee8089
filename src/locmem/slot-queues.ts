/**
 * A fixed number of queues over one population of slots; a slot is in one queue at most. Circular doubly linked lists
 * in one array: the first nodes are the queues' sentinels, slot `s` is node `s + queues - 1`. `links[2 * node]` is the
 * node's newer neighbour and `links[2 * node + 1]` the older one, side by side to share a cache line.
 */
export class SlotQueues {
  readonly sizes: Int32Array;
  private links: Int32Array;
  private readonly offset: number;

  constructor(readonly queues: number) {
    this.sizes = new Int32Array(queues);
    this.offset = queues - 1;
    this.links = new Int32Array(2 * queues);
    this.clear();
  }

  reserve(slots: number): void {
    const links = new Int32Array(2 * (slots + this.queues));
    links.set(this.links);
    this.links = links;
  }

  /** The slot that has been in the queue longest; 0 or less where the queue is empty. */
  oldest(queue: number): number {
    return this.links[2 * queue] - this.offset;
  }

  /** The neighbour towards the newest end; 0 or less for the newest slot itself. */
  newer(slot: number): number {
    return this.links[2 * (slot + this.offset)] - this.offset;
  }

  push(queue: number, slot: number): void {
    const links = this.links;
    const node = slot + this.offset;
    const newest = links[2 * queue + 1];
    links[2 * node] = queue;
    links[2 * node + 1] = newest;
    links[2 * newest] = node;
    links[2 * queue + 1] = node;
    this.sizes[queue]++;
  }

  unlink(queue: number, slot: number): void {
    const links = this.links;
    const node = slot + this.offset;
    const newer = links[2 * node];
    const older = links[2 * node + 1];
    links[2 * newer + 1] = older;
    links[2 * older] = newer;
    this.sizes[queue]--;
  }

  /** Moves a slot to the newest end of the queue it is in. */
  renew(queue: number, slot: number): void {
    const links = this.links;
    const node = slot + this.offset;
    const newest = links[2 * queue + 1];
    if (node === newest) return;
    const newer = links[2 * node];
    const older = links[2 * node + 1];
    links[2 * newer + 1] = older;
    links[2 * older] = newer;
    links[2 * node] = queue;
    links[2 * node + 1] = newest;
    links[2 * newest] = node;
    links[2 * queue + 1] = node;
  }

  clear(): void {
    for (let queue = 0; queue < this.queues; queue++) {
      this.links[2 * queue] = queue;
      this.links[2 * queue + 1] = queue;
      this.sizes[queue] = 0;
    }
  }
}
