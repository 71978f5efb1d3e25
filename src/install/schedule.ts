import type { Document } from '../octopus/reader.ts';
import { OWNER_MARK } from '../packaging/step-template.ts';

/** When Octopus starts the runbook by itself: six fields, seconds first (octopus-rest.md 6.4). */
export interface Schedule { cron: string; timezone: string }

/** The trigger's name, by which it is found again. */
export const TRIGGER_NAME = 'Rotate server certificate when it is due';

const PRESETS: Record<string, string> = { weekly: '0 0 3 * * Sun', monthly: '0 0 3 1 * *', yearly: '0 0 3 1 1 *' };
const FIELD = /^(\*|\?|[0-9A-Za-z#*,/-]{1,40})$/;

/** Reads `weekly`, `monthly`, `yearly` (at 3 o'clock) or an expression of six fields; null when it is neither, or the time zone is no name. */
export function readSchedule(text: string, timezone: string): Schedule | null {
  const cron = PRESETS[text.trim().toLowerCase()] ?? text.trim().replace(/\s+/g, ' ');
  const fields = cron.split(' ');
  return fields.length === 6 && fields.every((field) => FIELD.test(field)) && /^[A-Za-z][\w .+/()-]{1,60}$/.test(timezone) ? { cron, timezone } : null;
}

/** A trigger that runs the published snapshot; what is not due ends green and quiet. */
export function triggerBody(schedule: Schedule, projectId: string, runbookId: string, environmentId: string): Document {
  return {
    ProjectId: projectId,
    Name: TRIGGER_NAME,
    Description: `Starts the runbook, which rotates only when a rotation is due. ${OWNER_MARK}`,
    IsDisabled: false,
    Filter: { FilterType: 'CronExpressionSchedule', CronExpression: schedule.cron, Timezone: schedule.timezone },
    Action: { ActionType: 'RunRunbook', RunbookId: runbookId, EnvironmentIds: [environmentId], TenantIds: [], TenantTags: [] },
  };
}
