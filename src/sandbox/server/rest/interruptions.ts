import { demand } from './access.ts';
import { bodyOf, BodyReader, type Json } from './body.ts';
import { pathOf, readRoutes, selfLink } from './collection.ts';
import { badRequest } from './errors.ts';
import { query, queryFlag } from './paging.ts';
import { inSpace, touch, type Router, type SpaceCall } from './router.ts';
import type { Interruption } from '../database/documents.ts';

function resource(call: SpaceCall, { Instructions, Result, Notes, ...shown }: Interruption): Json {
  const self = pathOf(call, 'interruptions', shown.Id);
  return {
    ...shown, Type: 'ManualIntervention', ResponsibleTeamIds: [], IsLinkedToOtherInterruption: false, CorrelationId: `${shown.TaskId}_${shown.Id}`, RelatedDocumentIds: [shown.TaskId],
    HasResponsibility: shown.ResponsibleUserId === call.user.Id, CanTakeResponsibility: shown.IsPending && shown.ResponsibleUserId === null,
    Form: {
      Values: { Instructions: null, Notes, Result },
      Elements: [
        { Name: 'Instructions', Control: { Type: 'Paragraph', Text: Instructions, ResolveLinks: false }, IsValueRequired: false },
        { Name: 'Notes', Control: { Type: 'TextArea', Label: 'Notes' }, IsValueRequired: false },
        { Name: 'Result', Control: { Type: 'SubmitButtonGroup', Buttons: [{ Text: 'Proceed', Value: 'Proceed', RequiresConfirmation: false }, { Text: 'Abort', Value: 'Abort', RequiresConfirmation: true }] }, IsValueRequired: false },
      ],
    },
    ...selfLink(call, 'interruptions', shown.Id, { Submit: `${self}/submit`, Responsible: `${self}/responsible`, Task: `/api/tasks/${shown.TaskId}` }),
  };
}

/** Manual interventions (octopus-rest.md 7.4): somebody takes responsibility, then submits Proceed or Abort. */
export function interruptionRoutes(router: Router): void {
  readRoutes(router, {
    noun: 'interruptions', collection: 'Interruptions', itemType: 'Interruption', permission: 'InterruptionView', toResource: resource,
    where: (call, item) => (query(call, 'regarding') ?? item.TaskId).toLowerCase() === item.TaskId.toLowerCase() && (queryFlag(call, 'pendingOnly') !== true || item.IsPending),
    order: (a, b) => Number(b.Id.split('-')[1]) - Number(a.Id.split('-')[1]),
  });
  const change = (call: SpaceCall, work: (item: Interruption) => void): Json => {
    demand(call.user, 'InterruptionSubmit', call.space.Id);
    const { Id } = inSpace(call, call.all.Interruptions, call.params.id ?? '');
    return call.context.database.write(({ Collections }) => {
      const item = inSpace(call, Collections.Interruptions, Id);
      if (!item.IsPending) throw badRequest('This interruption has been submitted already.');
      work(item);
      return resource(call, touch(call, item));
    });
  };
  router.space('PUT', '/interruptions/:id/responsible', {}, (call) => change(call, (item) => { item.ResponsibleUserId = call.user.Id; }));
  router.space('POST', '/interruptions/:id/submit', {}, (call) => {
    const read = new BodyReader(bodyOf(call.body));
    const [result, notes] = [read.text('Result'), read.text('Notes', '')];
    if (result !== 'Proceed' && result !== 'Abort') read.complain('Result must be Proceed or Abort.');
    read.check();
    return change(call, (item) => {
      if (item.ResponsibleUserId !== call.user.Id) throw badRequest('Please take responsibility for this interruption first.');
      Object.assign(item, { IsPending: false, Result: result, Notes: notes });
    });
  });
}
