# What a gateway asks of a set's primary.
@0x84d2da69e5dcdf97;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("cohort::wire");

using Batch = import "batch.capnp";

struct ClientRequest {
  # Chosen by the gateway; the reply names it.
  id @0 :UInt64;
  # The gateway's milliseconds until nobody waits any more.
  patienceMs @1 :UInt32;
  union {
    work :group {
      # An encoded CommandBody, proposed as it is. Empty: reads only.
      command @2 :Data;
      # A batch of queries of the state machine. Empty: none.
      queries @3 :Data;
      # For each query, the commands of this request that come before it.
      queryAfter @4 :List(UInt32);
      # Queries of this session see at least what it wrote up to here.
      session @5 :Batch.SessionId;
      afterSequence @6 :UInt64;
    }
    # How many backups hold `index` durably? Answered when it is `copies`, or at
    # the end of patience.
    wait :group {
      index @7 :UInt64;
      copies @8 :UInt32;
    }
  }
}

enum ClientOutcome {
  # Replies are there.
  done @0;
  # This replica does not lead, or leads no more: what it was asked may or may
  # not take effect. Ask the primary, under the same numbers.
  notPrimary @1;
  # Not taken, certainly without effect: a bound is reached.
  busy @2;
  # No effect: a sequence is missing before it; resend from the mark.
  gap @3;
  # No effect here: the session is not known any more.
  expired @4;
  # Not taken, certainly without effect: `message` says why.
  refused @5;
  # The node's disk is full; not taken.
  diskFull @6;
}

struct ClientReply {
  id @0 :UInt64;
  outcome @1 :ClientOutcome;
  # Who leads, if known; 0 otherwise.
  primary @2 :UInt64;
  # Where the commands are in the log.
  epoch @3 :UInt64;
  term @4 :UInt64;
  index @5 :UInt64;
  # Copies at the time of the answer, the primary's included.
  copies @6 :UInt32;
  # Replies to commands, then to queries, one after another; each ends at the
  # offset given.
  replies @7 :Data;
  ends @8 :List(UInt32);
  queryReplies @9 :Data;
  queryEnds @10 :List(UInt32);
  retryAfterMs @11 :UInt32;
  message @12 :Text;
  # Commands of this request, counted from 0, that were applied but whose
  # replies were not kept. Ascending.
  lost @13 :List(UInt32);
}
