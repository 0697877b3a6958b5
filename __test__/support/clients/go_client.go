// Runs golang.org/x/crypto/ssh for the interop tests: reads jobs, one JSON object a line, and answers
// each with `ok` or with what went wrong. Every job is one connection that forces the algorithms it
// names, says something through `say` and sends bytes through `cat`.
package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
)

type job struct {
	Port                            int
	User, Kex, Cipher, Mac, HostKey string
	Bytes                           int
}

func list(name string) []string {
	if name == "" {
		return nil
	}
	return []string{name}
}

func command(client *ssh.Client, text string, input []byte) ([]byte, error) {
	session, err := client.NewSession()
	if err != nil {
		return nil, err
	}
	defer session.Close()
	session.Stdin = bytes.NewReader(input)
	return session.Output(text)
}

func run(it job) error {
	config := &ssh.ClientConfig{
		Config: ssh.Config{
			KeyExchanges: list(it.Kex),
			Ciphers:      list(it.Cipher),
			MACs:         list(it.Mac),
		},
		User:              it.User,
		Auth:              []ssh.AuthMethod{ssh.Password("x")},
		HostKeyAlgorithms: list(it.HostKey),
		HostKeyCallback:   ssh.InsecureIgnoreHostKey(),
	}
	client, err := ssh.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", it.Port), config)
	if err != nil {
		return err
	}
	defer client.Close()
	said, err := command(client, "say hello", nil)
	if err != nil || string(said) != "hello" {
		return fmt.Errorf("say: %d bytes, %v", len(said), err)
	}
	data := make([]byte, it.Bytes)
	rand.Read(data)
	copied, err := command(client, "cat", data)
	if err != nil || !bytes.Equal(copied, data) {
		return fmt.Errorf("cat: %d bytes, %v", len(copied), err)
	}
	return nil
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var it job
		err := json.Unmarshal(lines.Bytes(), &it)
		if err == nil {
			err = run(it)
		}
		if err != nil {
			fmt.Println(strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Println("ok")
		}
	}
}
