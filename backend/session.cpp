#include "backend/session.h"

#include <fmt/format.h>

#include <type_traits>
#include <variant>

namespace podramp::backend {
namespace {

// What an input or effect is about: the key of its event.
template <class Data>
std::string key_of(const Data& data) {
  if constexpr (requires { data.executor; }) {
    return fmt::format("exec/{}", data.executor);
  } else if constexpr (requires { data.call.value; }) {
    return fmt::format("call/{}", data.call.value);
  } else if constexpr (requires { data.watch.value; }) {
    return fmt::format("call/{}", data.watch.value);
  } else if constexpr (std::is_same_v<Data, in::TimerDue> || std::is_same_v<Data, out::TimerSet> ||
                       std::is_same_v<Data, out::TimerCancelled>) {
    return fmt::format("timer/{}", to_text(data.timer));
  } else {
    return "";
  }
}

template <class... Types>
std::string key_of(const std::variant<Types...>& data) {
  return std::visit([](const auto& one) { return key_of(one); }, data);
}

}  // namespace

Session::Session(Application application, Ledger& ledger)
    : name_(application.name), ledger_(ledger), backend_(std::move(application)) {}

std::vector<Session::Logged> Session::feed(const Input& input, Seq cause) {
  const Seq heard = ledger_.append(name_, cause, key_of(input), podramp::ref(input), memory_);
  Outbox out;
  backend_.step(ledger_.now(), input, out);
  std::vector<Logged> logged;
  logged.reserve(out.effects().size());
  for (Effect& effect : out.take()) {
    const Seq seq = ledger_.append(name_, heard, key_of(effect), podramp::ref(std::as_const(effect)), memory_);
    logged.push_back({seq, std::move(effect)});
  }
  return logged;
}

}  // namespace podramp::backend
