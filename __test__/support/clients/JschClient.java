// Runs JSch for the interop tests: reads jobs, one a line, as names and values between tabs, and
// answers each with `ok` or with what went wrong. Every job is one connection that forces the
// algorithms it names, says something through `say` and sends bytes through `cat`.

import com.jcraft.jsch.ChannelExec;
import com.jcraft.jsch.JSch;
import com.jcraft.jsch.Session;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

public class JschClient {
  public static void main(String[] args) throws Exception {
    BufferedReader jobs = new BufferedReader(new InputStreamReader(System.in));
    for (String line = jobs.readLine(); line != null; line = jobs.readLine()) {
      String[] fields = line.split("\t");
      Map<String, String> job = new HashMap<>();
      for (int i = 0; i + 1 < fields.length; i += 2) job.put(fields[i], fields[i + 1]);
      String answer;
      try {
        answer = run(job);
      } catch (Exception error) {
        answer = error.toString().replace('\n', ' ');
      }
      System.out.println(answer);
      System.out.flush();
    }
  }

  private static String run(Map<String, String> job) throws Exception {
    int port = Integer.parseInt(job.get("port"));
    Session session = new JSch().getSession(job.get("user"), "127.0.0.1", port);
    session.setPassword("x");
    session.setConfig("StrictHostKeyChecking", "no");
    session.setConfig("PreferredAuthentications", "password");
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
    session.connect(60_000);
    try {
      byte[] said = command(session, "say hello", new byte[0]);
      if (!"hello".equals(new String(said, "UTF-8"))) return "say: " + said.length + " bytes";
      byte[] data = new byte[Integer.parseInt(job.get("bytes"))];
      new Random().nextBytes(data);
      byte[] copied = command(session, "cat", data);
      return Arrays.equals(copied, data) ? "ok" : "cat: " + copied.length + " bytes";
    } finally {
      session.disconnect();
    }
  }

  private static byte[] command(Session session, String text, byte[] input) throws Exception {
    ChannelExec channel = (ChannelExec) session.openChannel("exec");
    channel.setCommand(text);
    channel.setInputStream(new ByteArrayInputStream(input));
    InputStream output = channel.getInputStream();
    channel.connect(60_000);
    byte[] received = output.readAllBytes();
    while (!channel.isClosed()) Thread.sleep(1);
    if (channel.getExitStatus() != 0) throw new Exception("status " + channel.getExitStatus());
    channel.disconnect();
    return received;
  }
}
