import { dirname, join } from 'node:path';
import { readSettings, writeSettings, type Settings } from './settings-file.ts';
import { readTrustedServers, storeTrustedServers, type TrustedServer } from './trusted-servers.ts';

/** The configuration of one Tentacle instance. Every read reads the file, every write rewrites it, without a lock, as the real one. */
export class TentacleConfiguration {
  readonly path: string;
  private readonly hooks: { beforeWrite?(path: string): void; written?(path: string): void };

  /** `hooks`: told before each write, which it may prevent by throwing, and after it. */
  constructor(path: string, hooks: TentacleConfiguration['hooks'] = {}) {
    this.path = path;
    this.hooks = hooks;
  }

  private get settings(): Settings {
    return readSettings(this.path);
  }

  get(key: string): string | null {
    return this.settings.get(key) ?? null;
  }

  set(values: Record<string, string>): void {
    const settings = this.settings;
    for (const [key, value] of Object.entries(values)) settings.set(key, value);
    this.write(settings);
  }

  get home(): string {
    return this.get('Octopus.Home') || dirname(this.path);
  }

  get applicationDirectory(): string {
    return this.get('Tentacle.Deployment.ApplicationDirectory') || '/home/Octopus/Applications';
  }

  get port(): number {
    return Number(this.get('Tentacle.Services.PortNumber') ?? 10933);
  }

  get noListen(): boolean {
    return this.get('Tentacle.Services.NoListen')?.toLowerCase() === 'true';
  }

  get listenIp(): string | null {
    return this.get('Tentacle.Services.ListenIP');
  }

  get trustedServers(): TrustedServer[] {
    return readTrustedServers(this.settings);
  }

  set trustedServers(servers: TrustedServer[]) {
    const settings = this.settings;
    storeTrustedServers(settings, servers);
    this.write(settings);
  }

  private write(settings: Settings): void {
    this.hooks.beforeWrite?.(this.path);
    writeSettings(this.path, settings);
    this.hooks.written?.(this.path);
  }

  get journal(): string {
    return join(this.home, 'DeploymentJournal.xml');
  }
}
