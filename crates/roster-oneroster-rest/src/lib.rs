//! OneRoster REST: the client and the source that connectors of the standard's services share.
