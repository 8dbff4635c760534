# The records of a node's log, and the heads of its other files. How records lie
# in sectors and blocks is in docs/STORAGE_FORMAT.md.
#
# The rules at the head of common.capnp hold here too: a release reads what
# every older one wrote.
@0x91ca88d7b967aafa;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("cohort::wire");

using Common = import "common.capnp";

# The first record of a segment: whose log this is.
struct SegmentHeader {
  clusterHigh @0 :UInt64;
  clusterLow @1 :UInt64;
  node @2 :Text;
  incarnation @3 :UInt64;
  # A block that was cut may have named sets that the log does not know: a set
  # that is not in the log starts as suspect.
  unknownSetsSuspect @4 :Bool;
}

# Everything about a set but its entries. At the head of each segment, for every
# set.
struct SetState {
  set @0 :UInt64;
  state @1 :Common.HardState;
  # Absent: the log has no base yet.
  base @2 :Common.LogBase;
}

# What one replica wants durable. A field that is absent is left as it is.
struct SetWrite {
  set @0 :UInt64;
  state @1 :Common.HardState;
  # Comes before the entries. Everything at or below is dropped, and everything
  # above too unless keepTail.
  base @2 :Common.LogBase;
  keepTail @3 :Bool;
  # Consecutive. Payloads are left out of the entries: they follow the message,
  # each padded to a word, so that none is copied to be encoded.
  entries @4 :List(Common.Entry);
  payloadBytes @5 :List(UInt32);
}

# The set's log ends before `first`: what is behind a gap was salvaged in vain.
struct SetCut {
  set @0 :UInt64;
  first @1 :UInt64;
}

struct LogRecord {
  union {
    segment @0 :SegmentHeader;
    set @1 :SetState;
    # The first entry replaces what the set's log has at its index and above.
    write @2 :SetWrite;
    # Entries copied forward from an older segment: they replace only the older
    # copies of themselves.
    moved @3 :SetWrite;
    # The set left this node; ids are not used again.
    removed @4 :UInt64;
    cut @5 :SetCut;
  }
}

# The node's name in the cluster. In a file of its own: it is there before the
# log is.
struct NodeIdentity {
  clusterHigh @0 :UInt64;
  clusterLow @1 :UInt64;
  node @2 :Text;
  incarnation @3 :UInt64;
  # The log was created: from now on a directory without one is damaged.
  logCreated @4 :Bool;
}

# What a node knows beside its logs. In a file of its own: it is there before
# the log is, and changes without it.
struct NodeState {
  struct Boot {
    incarnation @0 :UInt64;
    # The newest start of that node that was heard of, and its number.
    boot @1 :UInt64;
    nonce @2 :UInt64;
  }
  # The member whose place this incarnation took; 0: none.
  replaces @0 :UInt64;
  # All members have an identity: there may be votes.
  complete @1 :Bool;
  # This node drew the cluster's id.
  coordinator @2 :Bool;
  # Nodes that an operator left out of the formation.
  without @3 :List(Text);
  boots @4 :List(Boot);
}

struct TermRun {
  first @0 :UInt64;
  term @1 :UInt64;
}

# The head of a snapshot file.
struct SnapshotHeader {
  set @0 :UInt64;
  base @1 :Common.LogBase;
  # Of the state machine that wrote the content.
  machineVersion @2 :UInt32;
  # Bytes of the attachment, which comes before the content.
  attachmentBytes @3 :UInt64;
  # Where each term begins in what the snapshot replaces, oldest first.
  terms @4 :List(TermRun);
}
