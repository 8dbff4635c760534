#include "codec/session_codec.hpp"

#include "codec/client_codec.hpp"
#include "codec/common_codec.hpp"
#include "codec/message.hpp"

#include <utility>

namespace cohort::codec {

namespace {

/// What a reply takes at least, in the first release.
constexpr std::size_t reply_words_min = 2;

void encode_session(wire::SessionTable::Session::Builder to,
                    const session_id& id, const session_state& from) {
  encode(to.initId(), id);
  to.setHighestApplied(from.highest_applied);
  to.setAnsweredUpTo(from.answered_up_to);
  to.setLastActiveMs(from.last_active_ms);
  auto replies = to.initReplies(static_cast<unsigned>(from.replies.size()));
  for (unsigned i = 0; i < replies.size(); ++i) {
    const auto& reply = from.replies[i];
    replies[i].setKept(reply.has_value());
    if (reply)
      replies[i].setContent(to_data(*reply));
  }
}

/// `bytes`: of the whole table.
result<session_state> decode_session(wire::SessionTable::Session::Reader from,
                                     std::size_t bytes) {
  const auto replies = from.getReplies();
  if (!can_hold(bytes, replies.size(), reply_words_min))
    return error{errc::malformed, "session table: replies without bytes"};
  session_state result;
  result.highest_applied = from.getHighestApplied();
  result.answered_up_to = from.getAnsweredUpTo();
  result.last_active_ms = from.getLastActiveMs();
  for (const auto reply : replies) {
    const auto content = reply.getContent();
    if (reply.getKept())
      result.replies.emplace_back(std::string{
        reinterpret_cast<const char*>(content.begin()), content.size()});
    else
      result.replies.emplace_back();
  }
  if (result.highest_applied < result.answered_up_to
      || result.replies.size()
           != result.highest_applied - result.answered_up_to)
    return error{errc::malformed, "session table: replies do not fit"};
  return result;
}

} // namespace

std::string
encode_sessions(const std::map<session_id, session_state>& sessions) {
  capnp::MallocMessageBuilder builder;
  auto list = builder.initRoot<wire::SessionTable>().initSessions(
    static_cast<unsigned>(sessions.size()));
  unsigned i = 0;
  for (const auto& [id, state] : sessions)
    encode_session(list[i++], id, state);
  const auto encoded = to_frame(builder);
  return {encoded.data(), encoded.size()};
}

result<std::map<session_id, session_state>>
decode_sessions(std::string_view from) {
  const auto aligned = aligned_copy(from);
  return decode_as<wire::SessionTable>(
    "session table", aligned.data(), aligned.size(),
    [&](wire::SessionTable::Reader root)
      -> result<std::map<session_id, session_state>> {
      std::map<session_id, session_state> sessions;
      for (const auto x : root.getSessions()) {
        auto state = decode_session(x, from.size());
        if (!state)
          return state.err();
        sessions.emplace(decode(x.getId()), std::move(*state));
      }
      return sessions;
    });
}

std::string encode(const engine_attachment& x) {
  capnp::MallocMessageBuilder builder;
  auto root = builder.initRoot<wire::EngineAttachment>();
  encode(root.initBase(), x.base);
  root.setSessions(to_data(x.sessions));
  const auto encoded = to_frame(builder);
  return {encoded.data(), encoded.size()};
}

result<engine_attachment> decode_engine_attachment(std::string_view from) {
  const auto aligned = aligned_copy(from);
  return decode_as<wire::EngineAttachment>(
    "engine attachment", aligned.data(), aligned.size(),
    [](wire::EngineAttachment::Reader root) -> result<engine_attachment> {
      auto base = decode(root.getBase());
      if (!base)
        return base.err();
      const auto sessions = root.getSessions();
      return engine_attachment{
        std::move(*base),
        {reinterpret_cast<const char*>(sessions.begin()), sessions.size()}};
    });
}

} // namespace cohort::codec
