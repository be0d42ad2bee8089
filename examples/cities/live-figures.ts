import { EventEmitter } from 'node:events';

/** The figures as the main process sent them last: a worker passes them on to the pages that are open. */
export class LiveFigures extends EventEmitter<{ change: [] }> {
  json = 'null';

  constructor() {
    super();
    // Every open page listens; there is no number of them that would be a leak.
    this.setMaxListeners(0);
  }

  show(json: string): void {
    this.json = json;
    this.emit('change');
  }
}
