//! Every message of the table, from any bytes: no panic, and what was read and written again reads
//! as the same message.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sshserver::wire::messages::{
    ChannelClose, ChannelData, ChannelEof, ChannelExtendedData, ChannelFailure, ChannelOpen,
    ChannelOpenConfirmation, ChannelOpenFailure, ChannelRequest, ChannelSuccess,
    ChannelWindowAdjust, Debug, Disconnect, ExtInfo, GlobalRequest, Ignore, KexInit, Message,
    NewKeys, RequestFailure, RequestSuccess, ServiceAccept, ServiceRequest, Unimplemented,
    UserauthBanner, UserauthFailure, UserauthInfoRequest, UserauthInfoResponse, UserauthPkOk,
    UserauthRequest, UserauthSuccess, info, name,
};

macro_rules! round_trip {
    ($payload:expr, $($message:ident)*) => {$(
        if let Ok(read) = $message::decode($payload) {
            let written = read.encode();
            assert_eq!($message::decode(&written).as_ref(), Ok(&read));
        }
    )*};
}

fuzz_target!(|payload: &[u8]| {
    round_trip!(payload,
        Disconnect Ignore Unimplemented Debug ServiceRequest ServiceAccept ExtInfo KexInit NewKeys
        UserauthRequest UserauthFailure UserauthSuccess UserauthBanner UserauthPkOk
        UserauthInfoRequest UserauthInfoResponse
        GlobalRequest RequestSuccess RequestFailure
        ChannelOpen ChannelOpenConfirmation ChannelOpenFailure ChannelWindowAdjust ChannelData
        ChannelExtendedData ChannelEof ChannelClose ChannelRequest ChannelSuccess ChannelFailure
    );
    if let Some(&number) = payload.first() {
        assert_eq!(info(number).is_some(), name(number) != "SSH_MSG_UNKNOWN");
    }
});
