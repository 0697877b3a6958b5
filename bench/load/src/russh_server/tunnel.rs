//! `direct-tcpip`: connects and splices. Bytes of the channel are written to the socket as russh
//! hands them over; those of the socket are read into buffers that russh takes over.

use bytes::BytesMut;
use russh::server::{ChannelOpenHandle, Msg};
use russh::{Channel, ChannelMsg, ChannelOpenFailure, ChannelReadHalf, ChannelWriteHalf};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// Bytes asked from the socket at once.
const READ: usize = 64 << 10;

/// Connects, answers the client and splices until both directions have ended.
pub(crate) async fn open(channel: Channel<Msg>, host: String, port: u32, reply: ChannelOpenHandle) {
    let stream = match u16::try_from(port) {
        Ok(port) => TcpStream::connect((host.as_str(), port)).await.ok(),
        Err(_) => None,
    };
    let Some(stream) = stream else {
        reply.reject(ChannelOpenFailure::ConnectFailed).await;
        return;
    };
    // Failing to set it costs time only.
    let _ = stream.set_nodelay(true);
    reply.accept().await;
    let (from_client, to_client) = channel.split();
    let (from_target, to_target) = stream.into_split();
    tokio::join!(up(from_client, to_target), down(from_target, &to_client));
    // The client may have closed already.
    let _ = to_client.close().await;
}

async fn up(mut client: ChannelReadHalf, mut target: OwnedWriteHalf) {
    while let Some(message) = client.wait().await {
        match message {
            ChannelMsg::Data { data } if target.write_all(&data).await.is_err() => return,
            ChannelMsg::Eof | ChannelMsg::Close => break,
            _ => {}
        }
    }
    // The target may have closed first.
    let _ = target.shutdown().await;
}

async fn down(mut target: OwnedReadHalf, client: &ChannelWriteHalf<Msg>) {
    let mut buffer = BytesMut::new();
    loop {
        buffer.reserve(READ);
        match target.read_buf(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(_) => {
                if client.data_bytes(buffer.split().freeze()).await.is_err() {
                    return;
                }
            }
        }
    }
    // The client may have gone.
    let _ = client.eof().await;
}
