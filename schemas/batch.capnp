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
      # Everything at or below was answered to the client: replies are forgotten,
      # and nothing at or below runs any more.
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
    # Of answeredUpTo + 1 and the following sequences. Empty: applied, but the
    # reply was not kept.
    replies @4 :List(Data);
  }
  sessions @0 :List(Session);
}

# What an engine that keeps its own state makes durable together with it.
struct EngineAttachment {
  base @0 :Common.LogBase;
  # An encoded SessionTable.
  sessions @1 :Data;
}
