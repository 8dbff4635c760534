// Requests of clients: from bytes to words, and to what the machine is told.
#include "codec/kv_codec.hpp"
#include "fuzz/bytes_source.hpp"
#include "fuzz/fuzz_target.hpp"
#include "fuzz/kv_checks.hpp"
#include "resp/request_parser.hpp"
#include "resp/translator.hpp"

#include <optional>

namespace cohort::fuzz::requests_fuzz {

namespace {

using namespace resp;

using words = std::vector<std::string>;

/// All requests of a stream, and how it ended.
struct conversation {
  std::vector<words> requests;
  std::string problem;

  bool operator==(const conversation&) const = default;
};

/// Listens as a front does: keeps what is not consumed, in front of what comes.
class listener {
public:
  /// False: the connection is of no use any more.
  bool take(std::string_view piece) {
    input_ += piece;
    for (;;) {
      const auto found = parser_.parse(input_);
      expect(parser_.consumed() <= input_.size(),
             "only what is there is consumed");
      if (found == request_parser::status::ready)
        note();
      input_.erase(0, parser_.consumed());
      if (found == request_parser::status::more)
        return true;
      if (found == request_parser::status::failed) {
        heard_.problem = parser_.problem();
        expect(is_reply(heard_.problem) && heard_.problem.starts_with('-'),
               "a problem is an error reply");
        return false;
      }
    }
  }

  const conversation& heard() const {
    return heard_;
  }

private:
  void note() {
    expect(!parser_.args().empty(), "a request has words");
    expect(parser_.consumed() > 0, "a request takes bytes");
    heard_.requests.emplace_back(parser_.args().begin(), parser_.args().end());
  }

  request_parser parser_;
  std::string input_;
  conversation heard_;
};

std::string as_array(const words& request) {
  auto result = "*" + std::to_string(request.size()) + "\r\n";
  for (const auto& x : request)
    result += "$" + std::to_string(x.size()) + "\r\n" + x + "\r\n";
  return result;
}

/// A request means the same, whichever way it is written.
void check_rewritten(const words& request) {
  listener other;
  expect(other.take(as_array(request)), "an array of bulk strings is good");
  expect(other.heard().requests == std::vector<words>{request},
         "a request is the same when it is written as an array");
}

/// What is sent to the set is what the set takes.
void check_command(const translation& x) {
  expect(!kv::flaw_of(x.what), "no flaw reaches the log");
  expect(x.to == route::write || kv::reads_only(x.what),
         "what only reads is not called a write's place");
  codec::kv_batch_builder builder;
  builder.append(x.what);
  const auto bound = builder.frame_bytes();
  const auto batch = to_bytes(builder.finish());
  expect(batch.size() <= bound, "the bound of a batch is one");
  const auto reader = codec::kv_batch_reader::open(batch);
  kv::command read;
  expect(reader.ok() && reader->at(0, read).ok() && same_command(read, x.what),
         "a command arrives as it was sent");
}

bool check_translation(translator& by, const words& request) {
  const std::vector<std::string_view> views(request.begin(), request.end());
  const auto& x = by.translate(views);
  if (x.info)
    expect(find_command(request[0]) == x.info, "a command has one name");
  switch (x.to) {
    case route::refused:
      expect(is_reply(x.reply) && x.reply.starts_with('-'),
             "a refusal is one error reply");
      return false;
    case route::answered:
      expect(is_reply(x.reply), "an answer is one reply");
      return true;
    case route::local:
      return true;
    case route::write:
    case route::read:
      check_command(x);
      return true;
    case route::walk:
      expect(x.what.what == kv::op::scan, "KEYS is a walk");
      return true;
  }
  return false;
}

} // namespace

COHORT_FUZZ_TARGET(requests) {
  listener whole;
  const bool good = whole.take(input);
  auto random = rng_of(input);
  listener cut;
  in_pieces(input, random,
            [&](std::string_view piece) { return cut.take(piece); });
  expect(whole.heard() == cut.heard(), "how a stream is cut does not matter");
  translator by{rng{1}};
  bool any = false;
  for (const auto& x : whole.heard().requests) {
    check_rewritten(x);
    any = check_translation(by, x) || any;
  }
  return good && any;
}

} // namespace cohort::fuzz::requests_fuzz
