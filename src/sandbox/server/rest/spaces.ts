import { demand, maySee } from './access.ts';
import { bodyOf, BodyReader } from './body.ts';
import { notFound } from './errors.ts';
import { filtered, page } from './paging.ts';
import { touch, type Call, type Router } from './router.ts';
import type { Space } from '../database/documents.ts';

export function spaceResource(space: Space): Record<string, unknown> {
  return { ...space, Icon: null, Links: { Self: `/api/spaces/${space.Id}`, SpaceHome: `/api/${space.Id}`, Web: `/app#/${space.Id}` } };
}

export const visibleSpaces = (call: Call): Space[] => call.all.Spaces.filter((space) => maySee(call.user, space));

function spaceOf(call: Call): Space {
  const id = (call.params.id ?? '').toLowerCase();
  const space = visibleSpaces(call).find((candidate) => candidate.Id.toLowerCase() === id || candidate.Slug === id);
  if (!space) throw notFound(call.params.id ?? '');
  return space;
}

/** A space that the key may not see looks as if it did not exist: in lists, counts and by id. */
export function spaceRoutes(router: Router): void {
  router.system('GET', '/spaces', {}, (call) => page(call, 'Space', '/api/spaces', filtered(call, visibleSpaces(call)), spaceResource));
  router.system('GET', '/spaces/all', {}, (call) => filtered(call, visibleSpaces(call)).map(spaceResource));
  router.system('GET', '/spaces/:id', {}, (call) => spaceResource(spaceOf(call)));
  router.system('PUT', '/spaces/:id', {}, (call) => {
    const { Id } = spaceOf(call);
    demand(call.user, 'SpaceEdit', null);
    const read = new BodyReader(bodyOf(call.body));
    const Name = read.text('Name');
    const TaskQueueStopped = read.flag('TaskQueueStopped', false);
    const Description = read.text('Description', '');
    read.check();
    return call.context.database.write(({ Collections }) => {
      const space = Collections.Spaces.find((candidate) => candidate.Id === Id) as Space;
      return spaceResource(touch(call, Object.assign(space, { Name, TaskQueueStopped, Description })));
    });
  });
}
