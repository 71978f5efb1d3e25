import { randomUUID } from 'node:crypto';
import { isSensitiveInput, sensitiveOutput, type BodyReader, type Json } from './body.ts';
import type { Database } from '../database/database.ts';
import { isProtected, type Protected } from '../database/encryption.ts';
import type { PackageReference } from '../database/documents.ts';

export type StoredProperties = Record<string, string | Protected>;

/** Property values: text, or a sensitive value of which a read shows only that it exists. */
export function propertiesFrom(database: Database, read: BodyReader, where: string, sent: unknown, current: StoredProperties): StoredProperties {
  if (sent === undefined || sent === null) return {};
  if (typeof sent !== 'object' || Array.isArray(sent)) {
    read.complain(`The Properties of ${where} must be an object.`);
    return {};
  }
  const stored: StoredProperties = {};
  for (const [name, value] of Object.entries(sent)) {
    if (typeof value === 'string') stored[name] = value;
    else if (isSensitiveInput(value)) {
      const kept = current[name];
      if (typeof value.NewValue === 'string') stored[name] = database.protect(value.NewValue);
      else if (value.HasValue && kept !== undefined && isProtected(kept)) stored[name] = kept;
    } else if (value !== null) read.complain(`The property ${name} of ${where} must be text or a sensitive value.`);
  }
  return stored;
}

export function propertiesShown(stored: StoredProperties): Json {
  return Object.fromEntries(Object.entries(stored).map(([name, value]) => [name, isProtected(value) ? sensitiveOutput(true) : value]));
}

const packageKeys = ['Id', 'Name', 'PackageId', 'FeedId', 'AcquisitionLocation', 'Properties', 'Version', 'StepPackageInputsReferenceId'];

/** Package references of an action or a template. Anything unknown is refused. */
export function packagesFrom(read: BodyReader, where: string, sent: unknown): PackageReference[] {
  if (sent === undefined || sent === null) return [];
  if (!Array.isArray(sent)) {
    read.complain(`The Packages of ${where} must be an array.`);
    return [];
  }
  return (sent as Json[]).map((item) => {
    Object.keys(item).filter((key) => !packageKeys.includes(key)).forEach((key) => read.complain(`sandbox: unknown property ${key} of a package reference of ${where}.`));
    const location = item.AcquisitionLocation ?? 'Server';
    if (!['Server', 'ExecutionTarget', 'NotAcquired'].includes(String(location))) read.complain(`sandbox: the acquisition location ${String(location)} of ${where} is not simulated.`);
    return {
      Id: typeof item.Id === 'string' && item.Id !== '' ? item.Id : randomUUID(), Name: typeof item.Name === 'string' ? item.Name : '', PackageId: typeof item.PackageId === 'string' ? item.PackageId : null, FeedId: typeof item.FeedId === 'string' ? item.FeedId : null,
      AcquisitionLocation: String(location), Properties: (item.Properties ?? {}) as Record<string, string>, ...(typeof item.Version === 'string' && item.Version !== '' ? { Version: item.Version } : {}),
    };
  });
}
