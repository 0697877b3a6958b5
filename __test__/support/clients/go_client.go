// Runs golang.org/x/crypto/ssh for the interop run: reads jobs, one JSON object a line, and answers
// each with `ok` or with what went wrong. Every job is one connection that forces the algorithms it
// names, asks for new keys after `rekeyBytes`, sends one file through the command `exchange` and
// expects the other.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/crypto/ssh"
)

type job struct {
	Port                            int
	User, Kex, Cipher, Mac, HostKey string
	KeyFile, Certificate            string
	Upload, Download                string
	RekeyBytes                      uint64
}

func list(name string) []string {
	if name == "" {
		return nil
	}
	return []string{name}
}

func login(it job) (ssh.AuthMethod, error) {
	if it.KeyFile == "" {
		return ssh.Password("x"), nil
	}
	text, err := os.ReadFile(it.KeyFile)
	if err != nil {
		return nil, err
	}
	key, err := ssh.ParsePrivateKey(text)
	if err != nil || it.Certificate == "" {
		return ssh.PublicKeys(key), err
	}
	if text, err = os.ReadFile(it.Certificate); err != nil {
		return nil, err
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		return nil, err
	}
	certificate, ok := public.(*ssh.Certificate)
	if !ok {
		return nil, fmt.Errorf("a key of type %s is no certificate", public.Type())
	}
	signer, err := ssh.NewCertSigner(certificate, key)
	return ssh.PublicKeys(signer), err
}

func run(it job) error {
	upload, err := os.ReadFile(it.Upload)
	if err != nil {
		return err
	}
	download, err := os.ReadFile(it.Download)
	if err != nil {
		return err
	}
	auth, err := login(it)
	if err != nil {
		return err
	}
	config := &ssh.ClientConfig{
		Config: ssh.Config{
			RekeyThreshold: it.RekeyBytes,
			KeyExchanges:   list(it.Kex),
			Ciphers:        list(it.Cipher),
			MACs:           list(it.Mac),
		},
		User:              it.User,
		Auth:              []ssh.AuthMethod{auth},
		HostKeyAlgorithms: list(it.HostKey),
		HostKeyCallback:   ssh.InsecureIgnoreHostKey(),
	}
	client, err := ssh.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", it.Port), config)
	if err != nil {
		return err
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return err
	}
	defer session.Close()
	session.Stdin = bytes.NewReader(upload)
	received, err := session.Output("exchange")
	if err != nil || !bytes.Equal(received, download) {
		return fmt.Errorf("%d bytes came, %v", len(received), err)
	}
	return nil
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var it job
		answer := "ok"
		err := json.Unmarshal(lines.Bytes(), &it)
		if err == nil {
			err = run(it)
		}
		if err != nil {
			answer = err.Error()
		}
		text, _ := json.Marshal(map[string]string{"answer": answer})
		fmt.Println(string(text))
	}
}
