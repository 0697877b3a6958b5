// The cipher suites of the bulk scenarios, by a short name.

export const SUITES = {
  'aes128-gcm': { cipher: 'aes128-gcm@openssh.com' },
  'aes256-gcm': { cipher: 'aes256-gcm@openssh.com' },
  'chacha20-poly1305': { cipher: 'chacha20-poly1305@openssh.com' },
  'aes256-ctr+hmac-sha2-256': { cipher: 'aes256-ctr', mac: 'hmac-sha2-256' },
  'aes256-ctr+hmac-sha2-256-etm': { cipher: 'aes256-ctr', mac: 'hmac-sha2-256-etm@openssh.com' },
};

/** What a server cannot do. */
export const WITHOUT_SUITE = {
  'aes256-gcm': { go: 'x/crypto 0.4.0 has no aes256-gcm' },
};

/** The suites and directions asked for, each as `{ name, suite, direction }`. */
export function transfers(options, suites = Object.keys(SUITES)) {
  const wanted = suites.filter((suite) => options.ciphers?.includes(suite) ?? true);
  const directions = ['up', 'down'].filter((one) => options.directions?.includes(one) ?? true);
  return wanted.flatMap((suite) =>
    directions.map((direction) => ({ name: `${suite} ${direction}`, suite, direction })),
  );
}

/** The arguments of the load generator for a suite. */
export function suiteArguments(name) {
  const { cipher, mac } = SUITES[name];
  return ['--cipher', cipher, ...(mac ? ['--mac', mac] : [])];
}
