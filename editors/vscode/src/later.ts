// A restart that nobody asked for in so many words: a server that is started anew knows nothing of the drafts before it.

/** See the file's head. */
export class Later {
  private isWanted = false;

  /**
   * @param isFree  whether no draft is at work, or waits to be judged
   * @param restart starts the server anew
   */
  constructor(
    private readonly isFree: () => boolean,
    private readonly restart: () => Promise<void>,
  ) {}

  /** Restarts at once where that disturbs nobody; else it is remembered, and `false` is answered. */
  async wish(): Promise<boolean> {
    this.isWanted = true;
    await this.look();
    return !this.isWanted;
  }

  /** Drafts came or went. */
  async look(): Promise<void> {
    if (this.isWanted && this.isFree()) {
      await this.now();
    }
  }

  /** Restarts, whatever is at work: its user says so. */
  async now(): Promise<void> {
    this.isWanted = false;
    await this.restart();
  }
}
