/**
 * Loaded first by every Node process of a machine in an estate with several nodes: lets its clock, its network and its mount of
 * the shared folder be disturbed as the switches in faults.json say. Without SANDBOX_MACHINE it does nothing.
 */
import { setClock } from '../preload/clock.ts';
import { cutNetwork } from '../preload/network.ts';
import { troubleShare } from '../preload/share.ts';
import { Told } from '../preload/told.ts';

/** How soon a process notices that its clock jumps, or that a connection of its own is cut; milliseconds. */
const noticeMs = 100;

const machine = process.env.SANDBOX_MACHINE;
if (machine) {
  const told = new Told(machine);
  const breakConnections = cutNetwork(told);
  troubleShare(told);
  setClock(told.faults.clock ?? 0);
  setInterval(() => {
    setClock(told.faults.clock ?? 0);
    breakConnections();
  }, noticeMs).unref();
}
