import { test } from 'vitest';
import { minutesOf, runKillTable, timeOf } from '../support/killing/run-table.ts';
import { tentacleCertificates } from '../support/killing/tentacle-certificates.ts';

test('B1: kill table: whatever is killed at whichever point, no machine is lost, and running the runbook again completes the rotation', { timeout: timeOf(1) }, () => runKillTable(tentacleCertificates, minutesOf(1)));
