/** The report: a pure function of the journal. Schema: schemas/report.schema.json (its generated type is the one that counts). */
import type { Entry } from '../journal/contract.ts';

/** src/report/build.ts: the report of a rotation at `now`. */
export type BuildReport = (rotationId: string, entries: readonly Entry[], now: Date) => import('../../schemas/types/report.ts').Report;
/** src/report/html.ts: one self-contained page, inline SVG and style, no script, no outside reference, all text escaped. */
export type RenderHtml = (report: import('../../schemas/types/report.ts').Report) => string;
/** src/report/markdown.ts */
export type RenderMarkdown = (report: import('../../schemas/types/report.ts').Report) => string;
