import { createHash, randomBytes } from 'node:crypto';
import { nextId, type Database } from './database.ts';
import type { DatabaseContent, User } from './documents.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** `API-` and 32 upper-case letters and digits (octopus-rest.md 2.1). */
export function generateApiKey(): string {
  return `API-${[...randomBytes(32)].map((byte) => alphabet[byte % alphabet.length]).join('')}`;
}

export const hashApiKey = (key: string) => createHash('sha256').update(key).digest('hex');

export interface NewUser {
  username: string;
  /** Names of system permissions, or `['*']`. */
  system: string[];
  /** Permissions by space id or `*`; a space that is missing cannot be seen. */
  spaces: Record<string, string[]>;
  isService?: boolean;
  oidcIdentities?: { Issuer: string; Subject: string }[];
}

/** Adds a user inside a transaction; returns the API key, of which only the hash is kept. */
export function addUserTo(content: DatabaseContent, user: NewUser, key = generateApiKey()): { user: User; apiKey: string } {
  const added: User = { Id: nextId(content, 'Users'), Username: user.username, DisplayName: user.username, IsActive: true, IsService: user.isService ?? false, EmailAddress: `${user.username}@example.org`, System: user.system, Spaces: user.spaces, ...(user.oidcIdentities === undefined ? {} : { OidcIdentities: user.oidcIdentities }) };
  content.Collections.Users.push(added);
  content.Collections.ApiKeys.push({ Id: nextId(content, 'ApiKeys'), UserId: added.Id, Hash: hashApiKey(key), Purpose: 'Sandbox' });
  return { user: added, apiKey: key };
}

/** For tests: a user whose key may see less than the administrator's. */
export function addUser(database: Database, user: NewUser): { user: User; apiKey: string } {
  return database.write((content) => addUserTo(content, user));
}
