import { dirname, join } from 'node:path';
import { readSettings, writeSettings, type Settings } from './settings-file.ts';
import { readTrustedServers, storeTrustedServers, type TrustedServer } from './trusted-servers.ts';

/** The configuration of one Tentacle instance. Every read reads the file, every write rewrites it, without a lock, as the real one. */
export class TentacleConfiguration {
  readonly path: string;
  private readonly written: (path: string) => void;

  constructor(path: string, written: (path: string) => void = () => undefined) {
    this.path = path;
    this.written = written;
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
    writeSettings(this.path, settings);
    this.written(this.path);
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
    writeSettings(this.path, settings);
    this.written(this.path);
  }

  /** The Tentacle's own certificate, as a PFX without password. */
  get certificate(): { pfx: Buffer; thumbprint: string } | null {
    const encoded = this.get('Tentacle.Certificate');
    return encoded ? { pfx: Buffer.from(encoded, 'base64'), thumbprint: this.get('Tentacle.CertificateThumbprint') ?? '' } : null;
  }

  installCertificate(pfx: Buffer, thumbprint: string): void {
    this.set({ 'Tentacle.Certificate': pfx.toString('base64'), 'Tentacle.CertificateThumbprint': thumbprint });
  }

  get journal(): string {
    return join(this.home, 'DeploymentJournal.xml');
  }
}
