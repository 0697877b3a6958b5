// Makes the stores that keytool has no options for: `java -cp bcprov.jar Make.java`, called by
// generate.sh. Everything in them comes from rsa.p12 and ec.p12, which openssl wrote.

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.security.Key;
import java.security.KeyStore;
import java.security.Security;
import java.security.cert.Certificate;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.util.PBKDF2Config;
import org.bouncycastle.crypto.util.ScryptConfig;
import org.bouncycastle.jcajce.BCFKSLoadStoreParameter;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

class Make {
    static final char[] STORE = "secret1".toCharArray();
    static final char[] OTHER = "secret2".toCharArray();
    static KeyStore rsa;
    static KeyStore ec;

    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        rsa = open("rsa.p12");
        ec = open("ec.p12");
        // two entries, the second with a password of its own
        for (String[] row : new String[][] {
                {"PKCS12", "SunJSSE", "java-two-passwords.p12"},
                {"PKCS12", "BC", "bc-two-passwords.p12"},
                {"PKCS12-DEF", "BC", "bc-der.p12"},
                {"PKCS12-3DES-3DES", "BC", "bc-3des-3des.p12"},
                {"JKS", "SUN", "two-passwords.jks"},
                {"JCEKS", "SunJCE", "two-passwords.jceks"},
                {"BCFKS", "BC", "two-passwords.bcfks"},
        }) {
            KeyStore store;
            try {
                store = KeyStore.getInstance(row[0], row[1]);
            } catch (java.security.KeyStoreException absent) {
                System.err.println(row[2] + ": " + absent.getMessage());
                continue;
            }
            store.load(null, STORE);
            fill(store);
            save(store, row[2], STORE);
        }
        // what an empty password is differs between programs
        KeyStore empty = KeyStore.getInstance("PKCS12", "BC");
        empty.load(null, null);
        empty.setKeyEntry("rsa", key(rsa), new char[0], chain(rsa));
        save(empty, "bc-empty-password.p12", new char[0]);
        // a secret key before the key that is wanted
        KeyStore secret = KeyStore.getInstance("JCEKS");
        secret.load(null, STORE);
        secret.setKeyEntry("aes", new SecretKeySpec(new byte[16], "AES"), STORE, null);
        secret.setKeyEntry("rsa", key(rsa), STORE, chain(rsa));
        secret.setCertificateEntry("trusted", chain(ec)[0]);
        save(secret, "secret-key.jceks", STORE);
        bcfks();
    }

    static void bcfks() throws Exception {
        save(new BCFKSLoadStoreParameter.Builder(out("scrypt.bcfks"), STORE)
                .withStorePBKDFConfig(new ScryptConfig.Builder(64, 8, 1).withSaltLength(20).build())
                .build());
        save(new BCFKSLoadStoreParameter.Builder(out("kwp.bcfks"), STORE)
                .withStoreEncryptionAlgorithm(BCFKSLoadStoreParameter.EncryptionAlgorithm.AES256_KWP)
                .build());
        save(new BCFKSLoadStoreParameter.Builder(out("sha3.bcfks"), STORE)
                .withStorePBKDFConfig(new PBKDF2Config.Builder().withPRF(PBKDF2Config.PRF_SHA3_512)
                        .withIterationCount(1024).withSaltLength(64).build())
                .withStoreMacAlgorithm(BCFKSLoadStoreParameter.MacAlgorithm.HmacSHA3_512)
                .build());
        save(new BCFKSLoadStoreParameter.Builder(out("signed.bcfks"), key(rsa))
                .withStoreSignatureAlgorithm(BCFKSLoadStoreParameter.SignatureAlgorithm.SHA512withRSA)
                .withCertificates(certificates(rsa))
                .withStorePBKDFConfig(new PBKDF2Config.Builder().withPRF(PBKDF2Config.PRF_SHA512)
                        .withIterationCount(1024).withSaltLength(64).build())
                .build());
    }

    static java.security.cert.X509Certificate[] certificates(KeyStore from) throws Exception {
        return new java.security.cert.X509Certificate[] {
            (java.security.cert.X509Certificate) chain(from)[0]
        };
    }

    static void save(KeyStore.LoadStoreParameter parameter) throws Exception {
        KeyStore store = KeyStore.getInstance("BCFKS", "BC");
        store.load(null, null);
        store.setKeyEntry("rsa", key(rsa), STORE, chain(rsa));
        store.setKeyEntry("aes", new SecretKeySpec(new byte[16], "AES"), STORE, null);
        store.setKeyEntry("ec", key(ec), STORE, chain(ec));
        store.store(parameter);
    }

    static void fill(KeyStore store) throws Exception {
        store.setKeyEntry("rsa", key(rsa), STORE, chain(rsa));
        store.setKeyEntry("ec", key(ec), OTHER, chain(ec));
        store.setCertificateEntry("trusted", chain(rsa)[chain(rsa).length - 1]);
    }

    static java.security.PrivateKey key(KeyStore from) throws Exception {
        return (java.security.PrivateKey) from.getKey(from.aliases().nextElement(), STORE);
    }

    static Certificate[] chain(KeyStore from) throws Exception {
        return from.getCertificateChain(from.aliases().nextElement());
    }

    static KeyStore open(String name) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (FileInputStream in = new FileInputStream(name)) {
            store.load(in, STORE);
        }
        return store;
    }

    static FileOutputStream out(String name) throws Exception {
        return new FileOutputStream(name);
    }

    static void save(KeyStore store, String name, char[] password) throws Exception {
        try (FileOutputStream out = out(name)) {
            store.store(out, password);
        }
    }
}
