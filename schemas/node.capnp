# Between nodes, beside the sets: handshake, forming, joining, status.
@0xefaaa2c5e703cb01;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("cohort::wire");

using Common = import "common.capnp";

struct ClusterId {
  high @0 :UInt64;
  low @1 :UInt64;
}

# The first frame on a connection, in both directions.
struct Hello {
  # The versions of PeerFrame that the sender reads; it writes the highest that
  # both read.
  oldestVersion @0 :UInt32;
  newestVersion @1 :UInt32;
  clusterName @2 :Text;
  # All zero: the sender's disk is empty.
  cluster @3 :ClusterId;
  node @4 :Text;
  # 0: none yet.
  incarnation @5 :UInt64;
  # Counts the starts of the node, and a number drawn at this start: a disk that
  # was copied or rolled back shows an older count, or the same with another
  # number.
  boot @6 :UInt64;
  bootNonce @7 :UInt64;
  # False: the cluster is being formed, nobody votes yet.
  formed @8 :Bool;
  # Of the topology as far as it forms a cluster: nodes and sets.
  topology @9 :UInt64;
}

enum RefusalCode {
  otherCluster @0;
  unknownNode @1;
  rolledBack @2;
  version @3;
  tombstone @4;
  topology @5;
}

# Answers a Hello instead of a Hello; then the connection is closed.
struct Refusal {
  code @0 :RefusalCode;
  message @1 :Text;
}

struct Handshake {
  union {
    hello @0 :Hello;
    refusal @1 :Refusal;
  }
}

# From the node that forms the cluster: make this durable.
struct FormOffer {
  cluster @0 :ClusterId;
  # All have made it durable: the cluster is formed.
  complete @1 :Bool;
  # What the receiver's incarnation is.
  incarnation @2 :UInt64;
  # Nodes that an operator left out.
  without @3 :List(Text);
}

# The offer is durable here.
struct FormAnswer {
  cluster @0 :ClusterId;
  complete @1 :Bool;
}

# From a node whose disk is empty to a cluster that knows its name.
struct JoinRequest {
  node @0 :Text;
  # Drawn once for this empty disk: asking again mints nothing new.
  nonce @1 :UInt64;
  # The incarnation whose place it would take, as it was told; 0: not told yet.
  replaces @2 :UInt64;
}

struct JoinReply {
  cluster @0 :ClusterId;
  nonce @1 :UInt64;
  # 0: none yet. Ask again, in the place of `replaces`.
  incarnation @2 :UInt64;
  # The incarnation whose place it takes; 0: none.
  replaces @3 :UInt64;
}

struct StatusRequest {
  id @0 :UInt64;
}

struct ReplicaStatus {
  set @0 :UInt64;
  setName @1 :Text;
  role @2 :Text;
  term @3 :UInt64;
  primary @4 :UInt64;
  lastIndex @5 :UInt64;
  durableIndex @6 :UInt64;
  commitIndex @7 :UInt64;
  appliedIndex @8 :UInt64;
  epoch @9 :UInt64;
  voters @10 :List(UInt64);
  learners @11 :List(UInt64);
  note @12 :Text;
  # On a primary: what it knows of the others.
  backups @13 :List(BackupStatus);
}

struct BackupStatus {
  node @0 :UInt64;
  durableIndex @1 :UInt64;
  online @2 :Bool;
}

struct StatusReply {
  id @0 :UInt64;
  node @1 :Text;
  incarnation @2 :UInt64;
  boot @3 :UInt64;
  version @4 :Text;
  replicas @5 :List(ReplicaStatus);
  # Milliseconds since the node started.
  uptimeMs @6 :UInt64;
}
