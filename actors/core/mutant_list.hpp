// The list of known bugs: what each mutant does wrong, and whose bug it was.
//
// Each name says what then holds. "name#1" or a commit of another system is its
// bug of that kind, or the fix; a rule such as C4 (docs/PROTOCOL.md) stands for
// what breaks it, or for a reading of it that looked just as good.
#pragma once

/// Elections: terms, votes, and what is promised.
#define COHORT_EACH_ELECTION_MUTANT(X) \
  X(old_terms_count, "messages of earlier terms are taken as of this one") \
  X(votes_by_length, "votes for a longer log that ends in an older term (C6)") \
  X(votes_twice, "votes for all who ask in a term (eBay/NuRaft#531)") \
  X(vote_stays_in_memory, \
    "a term is written without the vote in it (hashicorp/raft#661)") \
  X(promises_before_sync, \
    "votes and answers leave before their term is durable (C7)") \
  X(refusals_elect, "any answer counts as a vote (openraft#1220)") \
  X(few_votes_elect, "n - m votes elect, also less than a majority (C5)")

/// The log: matching, cutting, acknowledging.
#define COHORT_EACH_LOG_MUTANT(X) \
  X(matches_by_index, "what stands at an index matches, of any term (C7)") \
  X(repeated_request_cuts, \
    "an old request cuts what later ones brought (microsoft/CCF#5991)") \
  X(acks_unverified, \
    "acknowledges what was not compared with the primary's log " \
    "(microsoft/CCF#6001)") \
  X(acks_before_sync, "acknowledges what is in memory (NATS 2.12.1)") \
  X(cut_writes_count, \
    "a write that was under way counts although its entries were cut " \
    "(etcd-io/raft async_storage_writes_append_aba_race)") \
  X(cut_stays_in_memory, \
    "entries that were cut stay in the cache (cockroachdb/cockroach#63302)") \
  X(window_leaks, \
    "what was lost on its way fills the window (etcd-io/raft e419ba5)") \
  X(log_time_goes_back, "log time goes back with a clock (K4)")

/// Commit and acknowledgement.
#define COHORT_EACH_COMMIT_MUTANT(X) \
  X(old_terms_commit, \
    "entries of earlier terms commit by counting (logcabin/logcabin#44)") \
  X(commits_before_own_sync, \
    "a primary counts what its own disk does not have yet (etcd#14370)") \
  X(commit_beyond_request, \
    "tells a commit index beyond what the request covers (C7)") \
  X(stored_is_committed, \
    "a backup commits all that it has verified (eBay/NuRaft#57)") \
  X(one_copy_too_few, "m copies commit, the primary's included (C5)") \
  X(committed_is_acknowledged, \
    "an entry that needs fewer copies acknowledges those before it (C4)") \
  X(answers_of_old_start_count, \
    "an answer counts although a restart lost what it tells (D3)") \
  X(match_outlives_tail, \
    "a backup that lost the end of its log still counts for it (D3)")

/// Reads.
#define COHORT_EACH_READ_MUTANT(X) \
  X(reads_unconfirmed, "whoever believes to lead answers reads (E4)") \
  X(reads_join_open_round, \
    "a read relies on a round that began before it (etcd-io/raft#397)") \
  X(reads_before_empty_entry, \
    "a new primary answers reads at once (RedisLabs/redisraft#22)")

/// Changes of the configuration.
#define COHORT_EACH_CHANGE_MUTANT(X) \
  X(joint_is_led_by_new, \
    "under J the new voters elect and confirm alone (C4)") \
  X(joint_commits_by_new, "under J the new voters commit alone (C4)") \
  X(joint_closes_early, "K is appended before J is committed (C4)") \
  X(change_waits_for_commit, \
    "a configuration is in force once it is committed (eBay/NuRaft#67)") \
  X(cut_keeps_change, \
    "a configuration stays in force when its entry is cut (rabbitmq/ra " \
    "82e5ca2f)") \
  X(snapshot_forgets_change, \
    "a snapshot carries an older configuration (eBay/NuRaft#232)") \
  X(snapshot_runs_ahead, \
    "a snapshot carries a configuration of later (matrixone#24966)")

/// Snapshots, and replicas that lost the end of their log.
#define COHORT_EACH_RECOVERY_MUTANT(X) \
  X(snapshot_goes_back, \
    "a delayed snapshot replaces a newer state (openraft#531)") \
  X(snapshot_drops_tail, "a snapshot drops the log behind it (C7)") \
  X(suspect_votes, "a suspect replica votes (D3)") \
  X(suspect_copies_count, "the copies of a suspect replica count (D3)") \
  X(lifted_unconfirmed, "a deposed primary lifts a suspicion (D3)") \
  X(lifted_vote_is_free, "who forgot its vote may vote again (D3)") \
  X(lifted_without_floor, \
    "who lost entries is elected without them, and elects others (D3)")

/// The log on disk.
#define COHORT_EACH_STORAGE_MUTANT(X) \
  X(log_is_not_synced, "the log is not synced (baidu/braft 93d248b)") \
  X(failed_sync_is_repeated, \
    "a failed sync is tried again, and then succeeds (D6)") \
  X(unsynced_is_covered, "a block says of unsynced ones that they last (D3)") \
  X(block_numbers_return, "numbers of blocks that were cut are reused (D3)") \
  X(boot_counter_returns, "a start is counted like the one before (C2)") \
  X(torn_blocks_count, "a block counts although sectors of it are missing") \
  X(found_tail_is_lost, \
    "a start builds on what a process that died did not sync (D3)") \
  X(segments_are_reused_early, \
    "a segment is reused before its end is durable (D5)") \
  X(segments_forget_states, \
    "votes are gone with the segment that they are in (D5)") \
  X(segment_name_is_lost, "the name of a segment is not synced") \
  X(parts_are_mixed, "what is left of a large record goes into the next") \
  X(recovery_forgets_cuts, \
    "entries that were cut are back after a restart (qdrant/qdrant#1329)") \
  X(recovery_keeps_tail, \
    "what a snapshot replaced is back after a restart (rabbitmq/ra " \
    "39490978)") \
  X(damaged_tail_is_cut, \
    "a damaged block at the end is cut without a word (D3)") \
  X(covered_damage_is_cut, \
    "damage to what was durable is taken for a torn write (NATS 2.12.1)") \
  X(verdict_stays_in_memory, \
    "that a set is suspect is forgotten at the next start (D3)")

/// Other files.
#define COHORT_EACH_FILE_MUTANT(X) \
  X(sealed_is_not_synced, "a file gets its name before it is durable (C2)") \
  X(snapshot_is_not_synced, "a snapshot is used before it is durable (D7)") \
  X(received_is_not_synced, "so is one that was received (D7)") \
  X(snapshot_name_is_lost, \
    "the log is cut before the snapshot has its name for good (D7)") \
  X(found_snapshot_is_lost, \
    "so it is behind a snapshot that a start has found (D7)")

/// Sessions: every command once, with its own reply.
#define COHORT_EACH_SESSION_MUTANT(X) \
  X(gaps_run, "a command overtakes one that is sent again (K1)") \
  X(resent_runs_again, "a command that is sent again runs again (K1)") \
  X(sessions_come_back, "an expired session is made anew on demand (K1)") \
  X(mark_runs_ahead, \
    "a gateway says of all it sent that it was answered (K1)") \
  X(refusal_ends_doubt, \
    "a refusal is believed although an earlier attempt may have run (K2)") \
  X(expired_did_nothing, \
    "what was sent under an expired session is said to be undone (K1)") \
  X(timeout_is_refusal, \
    "what has no answer in time is said to be undone (M1)") \
  X(new_clock_expires_sessions, \
    "the clock of a new primary expires sessions (K1)") \
  X(snapshot_forgets_sessions, "a snapshot comes back without sessions (D7)") \
  X(own_writes_are_not_seen, \
    "a question does not wait for the own writes (E4)") \
  X(riding_query_sees_later, \
    "a question between commands that ran before sees what came later (K3)")

/// The actors: who is told what, and when.
#define COHORT_EACH_ACTOR_MUTANT(X) \
  X(held_back_leaves, "what waits for the disk leaves at once (C7)") \
  X(askers_outlive_primary, \
    "who asked a former primary is answered with the command of another, " \
    "which stands at that index now") \
  X(replies_go_astray, "the first who waits gets the reply to any entry") \
  X(questions_run_ahead, \
    "a question is answered before what it must see (RedisLabs/redisraft#30)") \
  X(waiting_outlives_restore, \
    "entries that wait are applied to the snapshot that holds them") \
  X(log_is_cut_early, "the log is cut before the snapshot is stored (D7)") \
  X(full_disk_has_entries, \
    "a full disk that has the votes is taken to have the entries (D6)") \
  X(full_disk_has_votes, "a full disk is taken to have the votes (D6)") \
  X(failed_disk_is_full, "a disk that failed is waited for (D6)") \
  X(dead_link_is_welcome, "a link that was given up is welcomed (C2)") \
  X(wiped_node_keeps_id, "a wiped node comes back as who it was (D4)") \
  X(gone_place_is_answered, "a client gets TRYAGAIN for an answer (K2)") \
  X(lost_reply_is_empty, "a reply that is not kept is answered empty (K1)")

#define COHORT_EACH_MUTANT(X) \
  COHORT_EACH_ELECTION_MUTANT(X) \
  COHORT_EACH_LOG_MUTANT(X) \
  COHORT_EACH_COMMIT_MUTANT(X) \
  COHORT_EACH_READ_MUTANT(X) \
  COHORT_EACH_CHANGE_MUTANT(X) \
  COHORT_EACH_RECOVERY_MUTANT(X) \
  COHORT_EACH_STORAGE_MUTANT(X) \
  COHORT_EACH_FILE_MUTANT(X) \
  COHORT_EACH_SESSION_MUTANT(X) \
  COHORT_EACH_ACTOR_MUTANT(X)
