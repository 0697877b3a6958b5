// The goals, as data: a metric of the cases whose name matches, compared with another server measured in
// the same run (`to`, or the better one of `toBetterOf`), with a number, or with our own best case
// (`toOwnBest`).

export const GOALS = [
  ...['russh', 'ssh2'].map((to) => ({
    scenario: 'bulk',
    cases: /^aes(128|256)-gcm /,
    metric: 'server_cpu_s_per_gib',
    to,
    atMost: to === 'russh' ? 0.7 : 0.4,
  })),
  {
    scenario: 'bulk',
    cases: /^chacha20-poly1305 /,
    metric: 'server_cpu_s_per_gib',
    toBetterOf: ['ssh2', 'russh'],
    atMost: 0.75,
  },
  {
    scenario: 'bulk',
    cases: /^aes256-ctr/,
    metric: 'server_cpu_s_per_gib',
    to: 'russh',
    atMost: 0.85,
  },
  {
    scenario: 'tunnel',
    cases: /^aes128-gcm /,
    metric: 'server_cpu_s_per_gib',
    to: 'russh',
    atMost: 0.75,
  },
  {
    scenario: 'tunnel',
    cases: /^aes128-gcm /,
    metric: 'server_cpu_s_per_gib',
    to: 'openssh',
    atMost: 0.4,
  },
  ...[
    { metric: 'per_s', to: 'ssh2', atLeast: 4 },
    { metric: 'per_s', to: 'russh', atLeast: 1 },
    { metric: 'server_cpu_ms', to: 'ssh2', atMost: 0.25 },
    { metric: 'server_cpu_ms', to: 'russh', atMost: 1 },
  ].map((goal) => ({ scenario: 'connect', cases: /16 at a time$/, ...goal })),
  { scenario: 'echo', cases: /./, metric: 'p50_us', to: 'ssh2', atMost: 0.8 },
  { scenario: 'echo', cases: /./, metric: 'p99_us', to: 'ssh2', atMost: 0.3 },
  { scenario: 'echo', cases: /./, metric: 'p50_us', to: 'russh', atMost: 1.5 },
  { scenario: 'ssh-true', cases: /./, metric: 'wall_ms', to: 'ssh2', atMost: 1 },
  { scenario: 'ssh-true', cases: /./, metric: 'wall_ms', atMost: 40 },
  { scenario: 'channels', cases: /^100 /, metric: 'wall_ms', to: 'ssh2', atMost: 0.6 },
  { scenario: 'channels', cases: /^100 /, metric: 'wall_ms', to: 'russh', atMost: 1.2 },
  { scenario: 'idle', cases: /^(4,000|10+,000)$/, metric: 'kib_per_connection', atMost: 8 },
  { scenario: 'idle', cases: /^10,000$/, metric: 'probe_max_ms', atMost: 50 },
  { scenario: 'idle', cases: /^10,000$/, metric: 'kept_kib_per_connection', atMost: 1 },
  { scenario: 'idle', cases: /^100,000$/, metric: 'probe_max_ms', atMost: 50 },
  { scenario: 'idle', cases: /^100,000$/, metric: 'kept_kib_per_connection', atMost: 1 },
  { scenario: 'requests', cases: /./, metric: 'per_s', atLeast: 130_000, bestCase: true },
  {
    scenario: 'spread',
    cases: /^10,000 /,
    metric: 'server_cpu_s_per_gib',
    toOwnBest: true,
    atMost: 1.25,
  },
  {
    scenario: 'scale-channels',
    cases: /^10,000 /,
    metric: 'server_cpu_us_per_channel',
    toOwnBest: true,
    atMost: 2,
  },
  { scenario: 'key-exchanges', cases: /^50 .*group18/, metric: 'p99_ms', atMost: 20 },
  { scenario: 'neighbours', cases: /./, metric: 'p99_ms', atMost: 50 },
  // 2048 small events (MAX_PINNED_BYTES and PINNED_EVENT_COST of src/limits.rs), and what V8 leaves besides.
  { scenario: 'neighbours', cases: /not taken$/, metric: 'grown_mib', atMost: 20 },
  { scenario: 'event-loop', cases: /./, metric: 'p99_ms', atMost: 5 },
];
