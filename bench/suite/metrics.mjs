// The figures that are shown: their name in a result, how they read, and which way is better.

export const METRICS = {
  server_cpu_s_per_gib: { label: 'server CPU s/GiB', better: 'less' },
  client_cpu_s_per_gib: { label: 'client CPU s/GiB', better: 'less' },
  mib_per_s: { label: 'MiB/s', better: 'more' },
  per_s: { label: 'per second', better: 'more' },
  server_cpu_ms: { label: 'server CPU ms', better: 'less' },
  server_cpu_us: { label: 'server CPU µs', better: 'less' },
  server_cpu_us_per_channel: { label: 'server CPU µs per channel', better: 'less' },
  p50_ms: { label: 'median ms', better: 'less' },
  p99_ms: { label: 'p99 ms', better: 'less' },
  max_ms: { label: 'max ms', better: 'less' },
  p50_us: { label: 'median µs', better: 'less' },
  p99_us: { label: 'p99 µs', better: 'less' },
  wall_ms: { label: 'ms', better: 'less' },
  stalls: { label: 'runs of 40 ms and more', better: 'less', share: true },
  kib_per_connection: { label: 'KiB per connection', better: 'less' },
  probe_p99_ms: { label: 'echo p99 ms', better: 'less' },
  probe_max_ms: { label: 'echo max ms', better: 'less' },
  close_s: { label: 'closing s', better: 'less' },
  kept_kib_per_connection: { label: 'KiB kept per connection after', better: 'less' },
  flood_per_s: { label: "flood's messages per second", better: 'more' },
  grown_mib: { label: 'MiB grown by at most', better: 'less' },
  sender_cpu_s_per_gib: { label: 'sender CPU s/GiB', better: 'less' },
  receiver_cpu_s_per_gib: { label: 'receiver CPU s/GiB', better: 'less' },
};

/** Figures that are derived from what a run printed. */
export function derive(result) {
  if (result.bytes > 0 && result.client_cpu_s !== undefined) {
    result.client_cpu_s_per_gib ??= result.client_cpu_s / (result.bytes / 2 ** 30);
  }
  if (result.rss_closed_kib !== undefined && result.connections > 0) {
    const kept = result.rss_closed_kib - result.rss_before_kib;
    result.kept_kib_per_connection ??= kept / result.connections;
  }
  return result;
}
