// The scenarios in the order in which they run.
//
// A scenario has `name`, `title`, `metrics` and `cases(options, keys)`. A case has a `name` and the
// `args` of the load generator, or the scenario measures by itself in `measure({ server, keys, one,
// args, options })`. `without` names the servers that cannot do it, with the reason;
// `refusal` tells from the error that a server declined. Servers are
// started anew for each scenario, with `fresh` for each run.

import bulk from './bulk.mjs';
import channels from './channels.mjs';
import connect from './connect.mjs';
import echo from './echo.mjs';
import eventLoop from './event_loop.mjs';
import idle from './idle.mjs';
import keyExchanges from './key_exchanges.mjs';
import neighbours from './neighbours.mjs';
import requests from './requests.mjs';
import scaleChannels from './scale_channels.mjs';
import sftp from './sftp.mjs';
import spread from './spread.mjs';
import sshBulk from './ssh_bulk.mjs';
import sshTrue from './ssh_true.mjs';
import tunnel from './tunnel.mjs';

export const SCENARIOS = [
  bulk,
  tunnel,
  connect,
  echo,
  sshTrue,
  channels,
  idle,
  requests,
  spread,
  scaleChannels,
  sshBulk,
  sftp,
  eventLoop,
  keyExchanges,
  neighbours,
];
