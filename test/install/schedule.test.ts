import { describe, expect, it } from 'vitest';
import { readSchedule, triggerBody } from '../../src/install/schedule.ts';

describe('a schedule', () => {
  it.each([
    ['monthly', '0 0 3 1 * *'], ['Weekly', '0 0 3 * * Sun'], ['yearly', '0 0 3 1 1 *'], ['0 0 6 * * Mon-Fri', '0 0 6 * * Mon-Fri'], ['  0  30 2 1,15 */2 ? ', '0 30 2 1,15 */2 ?'],
  ])('"%s" is %s', (text, cron) => expect(readSchedule(text, 'Europe/Berlin')).toEqual({ cron, timezone: 'Europe/Berlin' }));

  it.each([['daily', 'UTC'], ['0 3 1 * *', 'UTC'], ['0 0 3 1 * * 2027', 'UTC'], ['', 'UTC'], ['monthly', ''], ['monthly', 'UTC"'], ['0 0 #{X} 1 * *', 'UTC']])('"%s" in "%s" is refused', (text, timezone) => {
    expect(readSchedule(text, timezone)).toBeNull();
  });

  it('becomes a trigger as Octopus documents it', () => {
    expect(triggerBody({ cron: '0 0 6 * * Mon-Fri', timezone: 'UTC' }, 'Projects-1', 'Runbooks-1', 'Environments-1')).toMatchObject({
      ProjectId: 'Projects-1', IsDisabled: false, Filter: { FilterType: 'CronExpressionSchedule', CronExpression: '0 0 6 * * Mon-Fri', Timezone: 'UTC' }, Action: { ActionType: 'RunRunbook', RunbookId: 'Runbooks-1', EnvironmentIds: ['Environments-1'], TenantIds: [], TenantTags: [] },
    });
  });
});
