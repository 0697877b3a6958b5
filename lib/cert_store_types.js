'use strict';

const NUMBERS = {
  cstUser: 0,
  cstMachine: 1,
  cstPFXFile: 2,
  cstPFXBlob: 3,
  cstJKSFile: 4,
  cstJKSBlob: 5,
  cstPEMKeyFile: 6,
  cstPEMKeyBlob: 7,
  cstPublicKeyFile: 8,
  cstPublicKeyBlob: 9,
  cstSSHPublicKeyBlob: 10,
  cstP7BFile: 11,
  cstP7BBlob: 12,
  cstSSHPublicKeyFile: 13,
  cstPPKFile: 14,
  cstPPKBlob: 15,
  cstXMLFile: 16,
  cstXMLBlob: 17,
  cstJWKFile: 18,
  cstJWKBlob: 19,
  cstBCFKSFile: 21,
  cstBCFKSBlob: 22,
  cstPKCS11: 23,
  cstAuto: 99,
};

// The reverse mapping from number to name, which TypeScript's enums have, is not enumerable for Object.keys().
const CertStoreTypes = { ...NUMBERS };
for (const [name, number] of Object.entries(NUMBERS)) {
  Object.defineProperty(CertStoreTypes, number, { value: name, enumerable: false });
}

module.exports = { CertStoreTypes: Object.freeze(CertStoreTypes) };
