#include "codec/meta_codec.hpp"

#include "codec/client_codec.hpp"
#include "codec/message.hpp"

#include "schemas/batch.capnp.h"

#include <utility>

namespace cohort::codec {

namespace {

std::string to_text(capnp::MessageBuilder& builder) {
  const auto encoded = to_frame(builder);
  return {encoded.data(), encoded.size()};
}

/// Decodes from bytes that may lie anywhere.
template <class Root, class Read>
auto decode_text(const char* what, std::string_view from, Read read) {
  const auto aligned = aligned_copy(from);
  return decode_as<Root>(what, aligned.data(), aligned.size(), read);
}

} // namespace

// -- lists --------------------------------------------------------------------

frame encode_list(const std::vector<std::string>& commands) {
  capnp::MallocMessageBuilder builder;
  auto list = builder.initRoot<wire::CommandList>().initCommands(
    static_cast<unsigned>(commands.size()));
  for (unsigned i = 0; i < list.size(); ++i)
    list.set(i, to_data(commands[i]));
  return to_frame(builder);
}

result<std::vector<bytes>> decode_list(const bytes& list) {
  return decode_as<wire::CommandList>(
    "command list", list.data(), list.size(),
    [&](wire::CommandList::Reader root) -> result<std::vector<bytes>> {
      std::vector<bytes> commands;
      for (const auto x : root.getCommands())
        commands.push_back(from_data(x, list));
      return commands;
    });
}

// -- meta ---------------------------------------------------------------------

std::string encode(const meta_command& x) {
  capnp::MallocMessageBuilder builder;
  auto root = builder.initRoot<wire::MetaCommand>();
  if (const auto* mint = std::get_if<mint_command>(&x)) {
    auto to = root.initMint();
    to.setNode(mint->node);
    to.setNonce(mint->nonce);
    to.setReplaces(mint->replaces.value);
  } else {
    root.setBury(std::get<bury_command>(x).incarnation.value);
  }
  return to_text(builder);
}

result<meta_command> decode_meta_command(std::string_view from) {
  return decode_text<wire::MetaCommand>(
    "meta command", from,
    [](wire::MetaCommand::Reader root) -> result<meta_command> {
      if (root.hasMint()) {
        const auto mint = root.getMint();
        return meta_command{mint_command{mint.getNode().cStr(), mint.getNonce(),
                                         node_id{mint.getReplaces()}}};
      }
      if (root.getBury() != 0)
        return meta_command{bury_command{node_id{root.getBury()}}};
      return error{errc::unsupported, "meta command: unknown kind"};
    });
}

std::string encode(const meta_reply& x) {
  capnp::MallocMessageBuilder builder;
  auto root = builder.initRoot<wire::MetaReply>();
  root.setIncarnation(x.incarnation.value);
  root.setReplaces(x.replaces.value);
  root.setRefused(x.refused);
  return to_text(builder);
}

result<meta_reply> decode_meta_reply(std::string_view from) {
  return decode_text<wire::MetaReply>(
    "meta reply", from, [](wire::MetaReply::Reader root) -> result<meta_reply> {
      return meta_reply{node_id{root.getIncarnation()},
                        node_id{root.getReplaces()}, root.getRefused().cStr()};
    });
}

std::string encode(const meta_state& x) {
  capnp::MallocMessageBuilder builder;
  auto root = builder.initRoot<wire::MetaState>();
  auto nodes = root.initNodes(static_cast<unsigned>(x.nodes.size()));
  unsigned i = 0;
  for (const auto& [name, node] : x.nodes) {
    auto to = nodes[i++];
    to.setName(name);
    to.setIncarnation(node.incarnation.value);
    to.setNonce(node.nonce);
    to.setReplaced(node.replaced.value);
  }
  root.setLastIncarnation(x.last_incarnation.value);
  auto buried = root.initBuried(static_cast<unsigned>(x.buried.size()));
  for (unsigned k = 0; k < buried.size(); ++k)
    buried.set(k, x.buried[k].value);
  return to_text(builder);
}

result<meta_state> decode_meta_state(std::string_view from) {
  return decode_text<wire::MetaState>(
    "meta state", from, [](wire::MetaState::Reader root) -> result<meta_state> {
      meta_state result;
      for (const auto x : root.getNodes())
        result.nodes[x.getName().cStr()] = {
          node_id{x.getIncarnation()}, x.getNonce(), node_id{x.getReplaced()}};
      result.last_incarnation = node_id{root.getLastIncarnation()};
      for (auto x : root.getBuried())
        result.buried.push_back(node_id{x});
      return result;
    });
}

} // namespace cohort::codec
