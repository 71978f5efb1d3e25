import type { ScriptRequest, ScriptStatus, TentacleConnection } from './contract.ts';
import type { Answer, Call } from './frames.ts';

/** The calls of a {@link TentacleConnection} over whatever carries them: one at a time, as Halibut does. */
export abstract class Caller implements TentacleConnection {
  private last: Promise<unknown> = Promise.resolve();

  about() { return this.call<Awaited<ReturnType<TentacleConnection['about']>>>({ operation: 'about' }); }
  async startScript(request: ScriptRequest) { await this.call({ operation: 'startScript', request }); }
  getStatus(ticket: string, afterSequence: number) { return this.call<ScriptStatus>({ operation: 'getStatus', ticket, afterSequence }); }
  async cancelScript(ticket: string) { await this.call({ operation: 'cancelScript', ticket }); }
  async completeScript(ticket: string) { await this.call({ operation: 'completeScript', ticket }); }

  async close(): Promise<void> {
    await this.last.catch(() => undefined);
    await this.end();
  }

  /** Carries one call there and its answer back. Rejects with a TentacleUnreachable. */
  protected abstract exchange(call: Call): Promise<Answer>;
  protected abstract end(): Promise<void>;

  private call<T>(call: Call): Promise<T> {
    const answered = this.last.catch(() => undefined).then(async () => {
      const answer = await this.exchange(call);
      if ('error' in answer) throw new Error(answer.error);
      return answer.result as T;
    });
    this.last = answered;
    return answered;
  }
}
