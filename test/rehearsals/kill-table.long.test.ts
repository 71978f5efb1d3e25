import { test } from 'vitest';
import { minutesOf, runKillTable, timeOf } from '../support/killing/run-table.ts';
import { serverCertificate } from '../support/killing/server-certificate.ts';

test('kill table: whatever is killed at whichever point, starting the host and running the runbook again completes the rotation', { timeout: timeOf(1) }, () => runKillTable(serverCertificate, minutesOf(1)));
