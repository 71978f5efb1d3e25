import type { Space } from './contract.ts';
import type { Http } from './http.ts';
import { filledText, flag, object } from './reader.ts';
import { allItems } from './pages.ts';

const space = object({ Id: filledText, Name: filledText, IsDefault: flag });

/** Every space that the key can see (octopus-rest.md 3.6). Whether that is all is for the permissions to say (A10). */
export async function readSpaces(http: Http): Promise<Space[]> {
  const spaces = await allItems(http, '/api/spaces', space, (each) => each.Id);
  return spaces.map((each) => ({ id: each.Id, name: each.Name, isDefault: each.IsDefault }));
}
