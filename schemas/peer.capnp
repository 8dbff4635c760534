# What nodes send each other: one frame is one PeerFrame.
@0xb4f433421503852a;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("cohort::wire");

using Common = import "common.capnp";
using Client = import "client.capnp";
using Node = import "node.capnp";

struct PeerFrame {
  # The replica set it is for. Node-level messages leave it 0.
  set @0 :UInt64;
  # The sending node's id.
  from @1 :UInt64;
  union {
    # The log protocol; see docs/PROTOCOL.md for every field's promise.
    voteRequest @2 :VoteRequest;
    voteReply @3 :VoteReply;
    appendRequest @4 :AppendRequest;
    appendReply @5 :AppendReply;
    timeoutNow @6 :TimeoutNow;
    stateQuery @7 :StateQuery;
    stateAnswer @8 :StateAnswer;
    # Snapshots on their way to a replica that is behind the log's base.
    snapshotChunk @9 :SnapshotChunk;
    snapshotAnswer @10 :SnapshotAnswer;
    # Requests of gateways to the primary, and its answers.
    clientRequest @11 :Client.ClientRequest;
    clientReply @12 :Client.ClientReply;
    # A replica under a new incarnation asks to be a member.
    joinSet @13 :JoinSet;
    # Between nodes.
    formOffer @14 :Node.FormOffer;
    formAnswer @15 :Node.FormAnswer;
    joinRequest @16 :Node.JoinRequest;
    joinReply @17 :Node.JoinReply;
    statusRequest @18 :Node.StatusRequest;
    statusReply @19 :Node.StatusReply;
    # From the node that made the link: the other's hello is not accepted.
    refusal @20 :Node.Refusal;
  }
}

struct VoteRequest {
  term @0 :UInt64;
  pre @1 :Bool;
  transfer @2 :Bool;
  last @3 :Common.Position;
}

struct VoteReply {
  term @0 :UInt64;
  pre @1 :Bool;
  granted @2 :Bool;
}

struct AppendRequest {
  term @0 :UInt64;
  prev @1 :Common.Position;
  commitIndex @2 :UInt64;
  round @3 :UInt64;
  lift @4 :UInt64;
  entries @5 :List(Common.Entry);
}

enum AppendVerdict {
  accepted @0;
  mismatch @1;
  busy @2;
}

struct AppendReply {
  term @0 :UInt64;
  verdict @1 :AppendVerdict;
  round @2 :UInt64;
  match @3 :UInt64;
  refused @4 :UInt64;
  hint @5 :Common.Position;
  boot @6 :UInt64;
  suspect @7 :Bool;
  tailCut @8 :Bool;
}

struct TimeoutNow {
  term @0 :UInt64;
}

struct StateQuery {
  term @0 :UInt64;
  boot @1 :UInt64;
}

struct StateAnswer {
  term @0 :UInt64;
  boot @1 :UInt64;
  last @2 :Common.Position;
}

struct SnapshotChunk {
  # Of the sending primary.
  term @0 :UInt64;
  # Names the snapshot.
  position @1 :Common.Position;
  # Where `data` lies in the snapshot file, whose size is `total`.
  offset @2 :UInt64;
  total @3 :UInt64;
  data @4 :Data;
}

enum SnapshotVerdict {
  # Go on at `received`.
  wanted @0;
  # The snapshot is installed, or was not needed.
  done @1;
  # Give up: it cannot be stored here now.
  refused @2;
}

struct SnapshotAnswer {
  term @0 :UInt64;
  position @1 :Common.Position;
  received @2 :UInt64;
  verdict @3 :SnapshotVerdict;
}

struct JoinSet {
  # The member whose place the sender takes; 0: it is an additional one.
  replaces @0 :UInt64;
}
