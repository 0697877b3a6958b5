// The package as an ECMAScript module: named exports and the default one.
import api, { CertStoreTypes, SSHServer, sshserver } from '../../index.js';

const server: sshserver = new api.sshserver();
export const same: SSHServer = server;
export const type: CertStoreTypes = api.CertStoreTypes.cstAuto;
