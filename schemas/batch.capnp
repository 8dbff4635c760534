# What the payload of a `command` entry is: client sessions around the state
# machine's own commands.
@0xe6264b5507524a02;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("cohort::wire");

using Common = import "common.capnp";

# A session is named by the place of the entry that opened it.
struct SessionId {
  index @0 :UInt64;
  term @1 :UInt64;
}

struct CommandBody {
  union {
    # Commands of one session, numbered without gaps.
    batch :group {
      session @0 :SessionId;
      firstSequence @1 :UInt64;
      count @2 :UInt32;
      # Everything at or below was answered to the client: replies are
      # forgotten, and nothing at or below runs any more.
      answeredUpTo @3 :UInt64;
      # `count` commands, opaque to all but the state machine.
      commands @4 :Data;
    }
    # Opens a session; its id is the place of this entry.
    openSession @5 :Void;
    closeSession @6 :SessionId;
  }
}

# Replies of a session that may be asked for again; part of every snapshot.
struct SessionTable {
  struct Session {
    id @0 :SessionId;
    highestApplied @1 :UInt64;
    answeredUpTo @2 :UInt64;
    # Log time of its last command, milliseconds since 1970.
    lastActiveMs @3 :Int64;
    # Of answeredUpTo + 1 and the following sequences.
    replies @4 :List(Reply);
  }
  struct Reply {
    # False: the command was applied, but its reply was too long to be kept.
    kept @0 :Bool;
    content @1 :Data;
  }
  sessions @0 :List(Session);
}

# What an engine that keeps its own state makes durable together with it.
struct EngineAttachment {
  base @0 :Common.LogBase;
  # An encoded SessionTable.
  sessions @1 :Data;
}

# Commands, or queries, of a state machine that takes them one by one.
struct CommandList {
  commands @0 :List(Data);
}

# Commands of the meta set's machine.
struct MetaCommand {
  # One of these is present.
  mint @0 :Mint;
  # An incarnation whose disk went back in time; 0: none.
  bury @1 :UInt64;
}

# Gives a node that comes with an empty disk a new incarnation. Asking again
# with the same nonce gives the same.
struct Mint {
  node @0 :Text;
  nonce @1 :UInt64;
  # Nothing is minted if the node has another incarnation by then: it was asked
  # for by a life of the node that is over. 0: it may have any.
  replaces @2 :UInt64;
}

struct MetaReply {
  incarnation @0 :UInt64;
  # Whose place it takes; 0: none. Buried from now on.
  replaces @1 :UInt64;
  # Not empty: nothing was changed, and why.
  refused @2 :Text;
}

# The whole state of the meta set, for snapshots and for those who ask.
struct MetaState {
  struct Node {
    name @0 :Text;
    incarnation @1 :UInt64;
    # Of the last mint; 0: from the formation.
    nonce @2 :UInt64;
    replaced @3 :UInt64;
  }
  nodes @0 :List(Node);
  lastIncarnation @1 :UInt64;
  # Incarnations that are over.
  buried @2 :List(UInt64);
}
