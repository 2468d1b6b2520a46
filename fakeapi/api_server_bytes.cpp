// What the size of an answer costs: a list of pods goes through the server's link, and keeps its seat until all of it
// is written, since a handler returns only then. The part of api_server.h between a decision and its answer.
#include "fakeapi/api_server.h"

namespace podramp::fakeapi {
namespace {

constexpr PullId kReplies = PullId{1} << 60U;  // apart from images' pulls and from downloads

}  // namespace

// True: the answer is on its way.
bool ApiServer::send_bytes(std::uint64_t slot, Call& call, Answer& answer) {
  const ApiServerSpec& spec = context_.config().api_server;
  if (spec.bytes_per_s == 0 || !answer.reply.list || answer.reply.list->items.empty()) return false;
  const auto pods = static_cast<std::int64_t>(answer.reply.list->items.size());
  context_.send(context_.now(), answer.cause, from::SendReply{kReplies + slot, pods * spec.pod_bytes});
  context_.timer(deadline(call), answer.cause, {Part::api_server, kSendingEnds, 0, slot});
  call.sending = std::move(answer);
  return true;
}

bool ApiServer::reply_sent(PullId reply) {
  if (reply <= kReplies) return false;
  const std::uint64_t slot = reply - kReplies;
  const auto it = calls_.find(slot);
  if (it == calls_.end()) return true;  // given up meanwhile
  answer(it->second, *std::exchange(it->second.sending, std::nullopt));
  end(slot);
  return true;
}

// Its time is over before the last byte is out: the client hangs up, or the server cuts the connection, since it cannot
// say 504 any more (K9).
void ApiServer::sending_ends(std::uint64_t slot, Call& call) {
  context_.send(context_.now(), call.cause, from::CancelPull{kReplies + slot});
  give_up(call, call.cause, false);
  end(slot);
}

}  // namespace podramp::fakeapi
