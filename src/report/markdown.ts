import type { RenderMarkdown } from './contract.ts';
import { durationText, instantText } from './duration.ts';
import { REASON_TEXT } from './words.ts';

/** The report in a few lines of Markdown, for a ticket or a chat. */
export const renderMarkdown: RenderMarkdown = (report) => {
  const lines = [
    `# ${plain(report.verdict)}`,
    '',
    ...(report.next ? [plain(report.next), ''] : []),
    ...(report.before ? [`- Before: \`${report.before.thumbprint}\` (${plain(report.before.signatureAlgorithm)})`] : []),
    ...(report.after ? [`- After: \`${report.after.thumbprint}\` (${plain(report.after.signatureAlgorithm)})${report.after.inForce ? '' : ', not in force'}`] : []),
    `- Machines: ${report.summary.proved} of ${report.summary.machines} proved, ${report.summary.leftBehind} left behind, ${report.summary.outOfScope} out of scope`,
    ...(report.summary.serverAwaySeconds === null ? [] : [`- Server away: ${durationText(report.summary.serverAwaySeconds)}`]),
    `- Begun ${instantText(report.openedAt)}, ${report.endedAt ? `ended ${instantText(report.endedAt)}` : 'not ended'}, ${durationText(report.seconds)}`,
    `- Rotation \`${report.rotationId}\`, plan \`${report.evidence.planHash ?? 'none yet'}\``,
  ];
  for (const reason of report.reasons) lines.push('', `**${plain(reason.code)}** ${plain(reason.message)} Next: ${plain(reason.next)}`);
  for (const one of report.leftBehind) {
    lines.push('', `## Left behind: ${plain(one.machine)} (${REASON_TEXT[one.reason]})`, '', plain(one.text), ...(one.repair === null ? [] : ['', '    ' + one.repair.replaceAll('\n', '\n    ')]));
  }
  for (const one of report.unproved) lines.push('', `## Not proved: ${plain(one.machine)}`, '', plain(one.text), ...(one.repair === null ? [] : ['', '    ' + one.repair.replaceAll('\n', '\n    ')]));
  return `${lines.join('\n')}\n`;
};

/** Foreign text must not become markup. */
function plain(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|!]/g, '\\$&');
}
