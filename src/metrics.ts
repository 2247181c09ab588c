/**
 * Every metric, under its outward name. Nothing is counted here: values are read from the tracker
 * at the moment of the scrape, so that a scrape costs the same at any number of connections.
 */
import { Counter, Gauge, Registry } from 'prom-client';
import { GIVE_UP_REASONS, KINDS } from './protocol/contract.js';
import type { Tracker } from './tracker.js';

export interface Build {
  readonly version: string;
}

/** The text of `GET /metrics` and its content type. */
export interface MetricsText {
  readonly contentType: string;
  render(): Promise<string>;
}

/** Registers every metric over `tracker`. */
export function createMetrics(tracker: Tracker, build: Build): MetricsText {
  const registry = new Registry();
  addBuild(registry, build);
  addConnections(registry, tracker);
  addTraffic(registry, tracker);
  addFailures(registry, tracker);
  return { contentType: registry.contentType, render: () => registry.metrics() };
}

function addBuild(registry: Registry, build: Build): void {
  const gauge = new Gauge({
    name: 'tidegate_build_info',
    help: 'Always 1; the labels tell what is running.',
    labelNames: ['version', 'node_version'],
    registers: [registry],
  });
  gauge.set({ version: build.version, node_version: process.version }, 1);
}

function addConnections(registry: Registry, tracker: Tracker): void {
  new Gauge({
    name: 'tidegate_connections',
    help: 'Open connections by what they carry, active with work in progress, idle without.',
    labelNames: ['kind', 'state'],
    registers: [registry],
    collect() {
      for (const kind of KINDS) {
        this.set({ kind, state: 'active' }, tracker.active[kind]);
        this.set({ kind, state: 'idle' }, tracker.idle[kind]);
      }
    },
  });
  new Gauge({
    name: 'tidegate_requests_in_flight',
    help: 'HTTP requests that have begun and have no whole answer yet.',
    registers: [registry],
    collect() {
      this.set(tracker.requestsInFlight);
    },
  });
}

function addTraffic(registry: Registry, tracker: Tracker): void {
  addTotal(registry, 'tidegate_received_bytes_total', 'Bytes received from clients.', () => {
    return tracker.receivedBytes;
  });
  addTotal(registry, 'tidegate_sent_bytes_total', 'Bytes sent to clients.', () => {
    return tracker.sentBytes;
  });
  new Counter({
    name: 'tidegate_http_requests_total',
    help: 'HTTP requests answered, by the class of the final status.',
    labelNames: ['code'],
    registers: [registry],
    collect() {
      this.reset();
      for (let digit = 1; digit <= 5; digit++) {
        this.inc({ code: `${digit}xx` }, tracker.answeredClass[digit]);
      }
    },
  });
}

function addFailures(registry: Registry, tracker: Tracker): void {
  const help = 'Attempts to connect to the app that failed.';
  addTotal(registry, 'tidegate_app_connect_errors_total', help, () => tracker.appConnectErrors);
  new Counter({
    name: 'tidegate_observer_gave_up_total',
    help: 'Connections carried on unread because what they carry could not be followed.',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      this.reset();
      for (const reason of GIVE_UP_REASONS) this.inc({ reason }, tracker.gaveUpFor[reason]);
    },
  });
}

function addTotal(registry: Registry, name: string, help: string, read: () => number): void {
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}
