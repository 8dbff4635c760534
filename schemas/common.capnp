# What messages between nodes and records on disk share.
#
# Rules for every file here: ordinals are only added, never changed or reused; a
# field that is absent reads as its default, and every default is what a sender
# of an older release meant. Numbers of the domain keep their unit in their
# name.
@0xc4452922c5960923;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("cohort::wire");

# A place in a log, as elections compare it: by term, then by index.
struct Position {
  term @0 :UInt64;
  index @1 :UInt64;
}

enum SyncMode {
  primaryBackup @0;
  semiAsync @1;
  async @2;
  multiPrimary @3;
}

# Who keeps a set's copies, and how. One value, changed by one kind of entry.
struct Configuration {
  epoch @0 :UInt64;
  # Node ids (incarnations), ascending.
  voters @1 :List(UInt64);
  learners @2 :List(UInt64);
  mode @3 :SyncMode;
  # Copies beyond the primary's that an acknowledgement waits for.
  m @4 :UInt32;
}

# The configuration state of a log. `next` is present under a joint entry only.
struct Membership {
  current @0 :Configuration;
  next @1 :Configuration;
}

enum EntryKind {
  empty @0;
  command @1;
  membership @2;
}

struct Entry {
  term @0 :UInt64;
  index @1 :UInt64;
  # Milliseconds since 1970; never less than that of the entry before.
  logTimeMs @2 :Int64;
  kind @3 :EntryKind;
  # For `command`: the batch, opaque to the protocol.
  payload @4 :Data;
  # For `membership`.
  members @5 :Membership;
}

# What a replica must not forget besides its entries.
struct HardState {
  term @0 :UInt64;
  # The node that got the vote of `term`; 0: nobody yet; all ones: forgotten.
  votedFor @1 :UInt64;
  # The disk lost an ambiguous tail; see docs/STORAGE_FORMAT.md.
  suspect @2 :Bool;
  voteFloor @3 :Position;
}

# Up to here a log is replaced by a snapshot.
struct LogBase {
  position @0 :Position;
  logTimeMs @1 :Int64;
  members @2 :Membership;
}
