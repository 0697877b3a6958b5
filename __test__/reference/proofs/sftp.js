'use strict';

// The module sshserver/sftp.

const { e2e, each } = require('./tests.js');

const spec = e2e('sftp');
const hung = e2e('sftp_hung');

const of = (type, names, proof) =>
  each(
    names.map((name) => `${type}.${name}`),
    proof,
  );

const allowed = spec('what is served > allows what the program allows');
const perSession = spec('what is served > is what the function says of each session');
const details = spec(
  'what is served > begins in the working directory, has numbers for names, and refuses links',
);

const object = e2e('sftp_object');
const whole = object('memfs > takes and gives files, whole');
const lacks = object('an object > may lack methods');

const sftp = {
  sftp: [
    ...spec(
      'the sftp of OpenSSH > moves files both ways, whole',
      'the sftp of OpenSSH > has every command that it knows',
      'what is wrong > with the directory refuses the session, and Error tells it',
    ),
    ...hung(
      'all others go on, and so do the other channels of the connection',
      'the client can leave, and the server end, while a request is unanswered',
      'a session whose root hangs is not answered, and others are',
    ),
  ],
  ...of('SftpOptions', ['root', 'readOnly'], perSession),
  ...of('SftpOptions', ['allow', 'umask'], allowed),
  ...of('SftpOptions', ['cwd', 'symlinks', 'names', 'limits'], details),
  ...of('SftpLimits', ['openHandles', 'readLength', 'writeLength'], details),
  'SftpObjectOptions.fs': whole,
  'SftpObjectOptions.root': object(
    'an object > has a root that paths do not leave, and what is allowed',
  ),
  ...of('SftpFs', ['open', 'stat', 'readdir'], lacks),
  'SftpFile.read': object(
    'an object > that fails without a code, or lies, is a failure of that request alone',
  ),
  'SftpFile.write': object('an object > gets the WRITEs of a file in their order'),
  'SftpFile.close': object(
    'an object > opens no more than is allowed, and closes all when the client leaves',
  ),
};

module.exports = { sftp };
