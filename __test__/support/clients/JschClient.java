// Runs JSch for the interop run: reads jobs, one a line, as names and values between tabs, and
// answers each with `ok` or with what went wrong. Every job is one connection that forces the
// algorithms it names, asks for new keys after `rekeyBytes`, sends one file through the command
// `exchange` and expects the other.

import com.jcraft.jsch.ChannelExec;
import com.jcraft.jsch.JSch;
import com.jcraft.jsch.Session;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

public class JschClient {
  public static void main(String[] args) throws Exception {
    // Java has a library of its own, which looks for the realm here alone.
    String realm = System.getenv("KRB5_CONFIG");
    if (realm != null) System.setProperty("java.security.krb5.conf", realm);
    BufferedReader jobs = new BufferedReader(new InputStreamReader(System.in));
    for (String line = jobs.readLine(); line != null; line = jobs.readLine()) {
      String[] fields = line.split("\t");
      Map<String, String> job = new HashMap<>();
      for (int i = 0; i + 1 < fields.length; i += 2) job.put(fields[i], fields[i + 1]);
      String answer;
      try {
        answer = line.equals("version") ? JSch.VERSION : run(job);
      } catch (Exception error) {
        answer = error.toString().replace('\n', ' ');
      }
      System.out.println(answer);
      System.out.flush();
    }
  }

  private static String run(Map<String, String> job) throws Exception {
    int port = Integer.parseInt(job.get("port"));
    JSch library = new JSch();
    String host = job.getOrDefault("host", "127.0.0.1");
    Session session = library.getSession(job.get("user"), host, port);
    session.setConfig("StrictHostKeyChecking", "no");
    if (job.containsKey("method")) {
      session.setConfig("PreferredAuthentications", job.get("method"));
    } else if (job.containsKey("keyFile")) {
      library.addIdentity(job.get("keyFile"));
      session.setConfig("PreferredAuthentications", "publickey");
    } else {
      session.setPassword("x");
      session.setConfig("PreferredAuthentications", "password");
    }
    session.setConfig("CheckCiphers", "");
    session.setConfig("CheckKexes", "");
    session.setConfig("server_host_key", job.get("hostKey"));
    for (String[] setting : new String[][] {
      {"kex", "kex"},
      {"cipher", "cipher.c2s", "cipher.s2c"},
      {"mac", "mac.c2s", "mac.s2c"},
      {"compression", "compression.c2s", "compression.s2c"},
    }) {
      String name = job.get(setting[0]);
      if (name == null) continue;
      for (int i = 1; i < setting.length; i++) session.setConfig(setting[i], name);
    }
    session.connect();
    try {
      return exchange(session, job);
    } finally {
      session.disconnect();
    }
  }

  private static String exchange(Session session, Map<String, String> job) throws Exception {
    byte[] upload = Files.readAllBytes(Paths.get(job.get("upload")));
    byte[] download = Files.readAllBytes(Paths.get(job.get("download")));
    ChannelExec channel = (ChannelExec) session.openChannel("exec");
    channel.setCommand("exchange");
    channel.setInputStream(new Input(upload, session, Integer.parseInt(job.get("rekeyBytes"))));
    InputStream output = channel.getInputStream();
    channel.connect();
    byte[] received = output.readAllBytes();
    while (!channel.isClosed()) Thread.sleep(1);
    int status = channel.getExitStatus();
    channel.disconnect();
    if (status == 0 && Arrays.equals(received, download)) return "ok";
    return "status " + status + ", " + received.length + " bytes came";
  }

  /** The bytes to send; asks for new keys when so many have been taken. */
  private static class Input extends ByteArrayInputStream {
    private final Session session;
    private long left;

    Input(byte[] bytes, Session session, long rekeyBytes) {
      super(bytes);
      this.session = session;
      this.left = rekeyBytes;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      int taken = super.read(target, offset, length);
      boolean before = left > 0;
      left -= Math.max(taken, 0);
      if (before && left <= 0) {
        try {
          session.rekey();
        } catch (Exception error) {
          throw new RuntimeException(error);
        }
      }
      return taken;
    }
  }
}
