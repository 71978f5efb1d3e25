import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nextId, type Database } from './database/database.ts';
import type { Artifact } from './database/documents.ts';

export type NewArtifact = Pick<Artifact, 'SpaceId' | 'Filename' | 'ServerTaskId' | 'Source' | 'LogCorrelationId'>;

/** Artifact documents with their bytes, one file each. */
export class ArtifactStore {
  constructor(private readonly database: Database, private readonly folder: string) {}

  /** Without `content` the artifact waits for PUT /artifacts/{id}/content. */
  add(artifact: NewArtifact, content?: Uint8Array): Artifact {
    const added = this.database.write((database) => {
      const document: Artifact = { Id: nextId(database, 'Artifacts'), ...artifact, Created: new Date().toISOString(), HasContent: false };
      database.Collections.Artifacts.push(document);
      return { ...document };
    });
    if (content) this.setContent(added.Id, content);
    return added;
  }

  setContent(id: string, content: Uint8Array): void {
    mkdirSync(this.folder, { recursive: true });
    const path = join(this.folder, id);
    writeFileSync(`${path}.${process.pid}`, content, { mode: 0o600 });
    renameSync(`${path}.${process.pid}`, path);
    this.database.write(({ Collections }) => {
      const document = Collections.Artifacts.find((artifact) => artifact.Id === id);
      if (document) document.HasContent = true;
    });
  }

  content(id: string): Buffer | null {
    const path = join(this.folder, id);
    return existsSync(path) ? readFileSync(path) : null;
  }

  remove(id: string): void {
    this.database.write(({ Collections }) => {
      Collections.Artifacts = Collections.Artifacts.filter((artifact) => artifact.Id !== id);
    });
    rmSync(join(this.folder, id), { force: true });
  }
}
