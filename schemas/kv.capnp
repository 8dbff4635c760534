# Batches of commands for the kv machine, and of reads of it.
@0xa2e0bae897e3cd76;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("cohort::wire");

# Carried in batch.capnp as `commands`, and asked of a replica as `queries`.
struct KvBatch {
  commands @0 :List(KvCommand);
}

struct KvCommand {
  # A kv::op. A number that a node does not know makes it refuse the batch.
  what @0 :UInt16;
  # Bits of kv::flag, refused likewise.
  flags @1 :UInt32;
  # What these two mean depends on `what`: see codec/kv_commands.hpp.
  number @2 :Int64;
  number2 @3 :Int64;
  key @4 :Data;
  value @5 :Data;
  more @6 :List(Data);
  # Of exec only.
  exec @7 :KvExec;
}

# Commands that run as one, if what was watched did not change.
struct KvExec {
  # None of these is an exec.
  nested @0 :List(KvCommand);
  watches @1 :List(KvWatch);
}

struct KvWatch {
  # What `changed` answered for the key when the watch began; 0: it was absent.
  changed @0 :UInt64;
  key @1 :Data;
}
