/**
 * The machine's own clock. What it is told to do at once, or never, needs no waiting.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import t from 'tap';
import { systemClock, TIMER_MS_MAX } from '../src/clock.js';

t.test('now never goes back', (t) => {
  const first = systemClock.now();
  t.ok(systemClock.now() >= first);
  t.end();
});

t.test('wall is the time of day', (t) => {
  t.ok(Math.abs(systemClock.wall().getTime() - Date.now()) < 60_000);
  t.end();
});

t.test('a moment of the clock has its time of day', (t) => {
  const now = systemClock.wallAt(systemClock.now()).getTime();
  t.ok(Math.abs(now - Date.now()) < 60_000);
  const apart = systemClock.wallAt(systemClock.now() - 3_600_000).getTime() - now;
  t.ok(Math.abs(apart + 3_600_000) < 60_000);
  t.end();
});

t.test('after calls the act with its argument', async (t) => {
  const lane = { name: 'a lane' };
  t.equal(await new Promise((resolve) => systemClock.after(0, resolve, lane)), lane);
  await new Promise<void>((resolve) => systemClock.after(0, resolve));
});

t.test('a timer that is cancelled does not act', async (t) => {
  const timer = systemClock.after(0, () => t.fail('was cancelled'));
  timer.cancel();
  timer.cancel();
  await new Promise<void>((resolve) => systemClock.after(1, resolve));
});

t.test('after no time comes behind what has arrived', async (t) => {
  const server = createServer();
  t.teardown(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  t.teardown(() => [client, socket].forEach((end) => end.destroy()));
  const told: string[] = [];
  socket.on('data', () => told.push('read'));
  if (client.connecting) await once(client, 'connect');
  await new Promise<void>((resolve) => {
    systemClock.after(1, () => {
      told.push('time');
      systemClock.after(0, () => resolve(void told.push('turn')));
    });
    client.write('has arrived');
    const until = systemClock.now() + 20;
    while (systemClock.now() < until); // the loop is held up, and its timer is due
  });
  t.same(told, ['time', 'read', 'turn']);
});

t.test('a time too long for a timer is as long as can be, not over at once', async (t) => {
  const timer = systemClock.after(TIMER_MS_MAX + 1, () => t.fail('is not over'));
  await new Promise<void>((resolve) => systemClock.after(2, resolve));
  timer.cancel();
});

t.test('a timer that is let go of does not keep the process', (t) => {
  const timers = (): number =>
    process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const timer = systemClock.after(1000, () => t.fail('is not over'));
  t.equal(timers(), before + 1);
  t.equal(timer.unref(), timer);
  t.equal(timers(), before);
  timer.cancel();
  t.end();
});
