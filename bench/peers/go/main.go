// The server of golang.org/x/crypto/ssh for the benchmark, doing what ours.mjs does.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

const (
	name      = "bench"
	chunkSize = 256 * 1024
)

var chunk = func() []byte {
	filled := make([]byte, chunkSize)
	for i := range filled {
		filled[i] = byte(i % 251)
	}
	return filled
}()

func main() {
	port := flag.Int("port", 0, "")
	hostKey := flag.String("host-key", "", "")
	threads := flag.Int("threads", 0, "")
	flag.String("sftp-root", "", "")
	flag.Parse()
	if *threads > 0 {
		runtime.GOMAXPROCS(*threads)
	}

	pem, err := os.ReadFile(*hostKey)
	check(err)
	signer, err := ssh.ParsePrivateKey(pem)
	check(err)
	config := &ssh.ServerConfig{
		PasswordCallback: func(conn ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if conn.User() == name && string(password) == name {
				return nil, nil
			}
			return nil, errors.New("refused")
		},
		// The library checks the signature; any key may log in.
		PublicKeyCallback: func(conn ssh.ConnMetadata, _ ssh.PublicKey) (*ssh.Permissions, error) {
			if conn.User() == name {
				return nil, nil
			}
			return nil, errors.New("refused")
		},
	}
	config.AddHostKey(signer)

	listener, err := net.Listen("tcp", fmt.Sprintf("0.0.0.0:%d", *port))
	check(err)
	fmt.Printf("{\"ready\":true,\"port\":%d,\"name\":\"go\",\"version\":%q}\n",
		listener.Addr().(*net.TCPAddr).Port, version())
	go end()
	for {
		conn, err := listener.Accept()
		check(err)
		go serve(conn, config)
	}
}

// version is that of the library where the build knows it, else that of Go.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == "golang.org/x/crypto" {
				return dep.Version
			}
		}
	}
	return "(x/crypto as packaged, " + runtime.Version() + ")"
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// end ends the process with its standard input, or with SIGTERM.
func end() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	go func() {
		<-signals
		os.Exit(0)
	}()
	_, _ = io.Copy(io.Discard, bufio.NewReader(os.Stdin))
	os.Exit(0)
}

func serve(tcp net.Conn, config *ssh.ServerConfig) {
	defer tcp.Close()
	conn, channels, requests, err := ssh.NewServerConn(tcp, config)
	if err != nil {
		return
	}
	defer conn.Close()
	go ssh.DiscardRequests(requests)
	for opening := range channels {
		switch opening.ChannelType() {
		case "session":
			channel, requests, err := opening.Accept()
			if err == nil {
				go session(channel, requests)
			}
		case "direct-tcpip":
			go tunnel(opening)
		default:
			_ = opening.Reject(ssh.UnknownChannelType, "unknown")
		}
	}
}

func session(channel ssh.Channel, requests <-chan *ssh.Request) {
	for request := range requests {
		var command struct{ Text string }
		ok := request.Type == "env"
		if request.Type == "exec" && ssh.Unmarshal(request.Payload, &command) == nil {
			ok = true
			go run(channel, command.Text)
		}
		if request.Type == "subsystem" && ssh.Unmarshal(request.Payload, &command) == nil {
			ok = command.Text == "sftp"
			if ok {
				go files(channel)
			}
		}
		if request.WantReply {
			_ = request.Reply(ok, nil)
		}
	}
}

// files serves the files of the machine with pkg/sftp.
func files(channel ssh.Channel) {
	defer channel.Close()
	server, err := sftp.NewServer(channel)
	if err != nil {
		return
	}
	_ = server.Serve()
	_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{0}))
}

func run(channel ssh.Channel, command string) {
	words := strings.Fields(command)
	status := uint32(0)
	switch words[0] {
	case "sink":
		sink(channel)
	case "echo":
		buffer := make([]byte, 32*1024)
		_, _ = io.CopyBuffer(struct{ io.Writer }{channel}, struct{ io.Reader }{channel}, buffer)
	case "source":
		size, _ := strconv.ParseInt(words[1], 10, 64)
		source(channel, size)
	case "true":
	default:
		status = 127
	}
	_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
	_ = channel.CloseWrite()
	_ = channel.Close()
}

func sink(channel ssh.Channel) {
	buffer := make([]byte, chunkSize)
	total, last := 0, byte(0)
	for {
		n, err := channel.Read(buffer)
		if n > 0 {
			total += n
			last = buffer[n-1]
		}
		if err != nil {
			break
		}
	}
	runtime.KeepAlive(total + int(last))
}

func source(channel ssh.Channel, left int64) {
	for left > 0 {
		part := chunk
		if left < int64(len(part)) {
			part = part[:left]
		}
		if _, err := channel.Write(part); err != nil {
			return
		}
		left -= int64(len(part))
	}
}

func tunnel(opening ssh.NewChannel) {
	var to struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	if err := ssh.Unmarshal(opening.ExtraData(), &to); err != nil {
		_ = opening.Reject(ssh.ConnectionFailed, "unreadable")
		return
	}
	conn, err := net.Dial("tcp", net.JoinHostPort(to.Host, strconv.Itoa(int(to.Port))))
	if err != nil {
		_ = opening.Reject(ssh.ConnectionFailed, "unreachable")
		return
	}
	defer conn.Close()
	channel, requests, err := opening.Accept()
	if err != nil {
		return
	}
	defer channel.Close()
	go ssh.DiscardRequests(requests)
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(conn, channel)
		_ = conn.(*net.TCPConn).CloseWrite()
		close(done)
	}()
	_, _ = io.Copy(channel, conn)
	_ = channel.CloseWrite()
	<-done
}
