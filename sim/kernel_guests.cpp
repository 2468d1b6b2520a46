// The part of the kernel (kernel.h) around guests: clients of the served cluster, who come and ask while the run goes
// on. Each request is an event of the log before anything follows from it.
#include <fmt/format.h>

#include <utility>

#include "backend/port/random.h"
#include "sim/kernel.h"

namespace podramp::sim {

namespace to = fakeapi::to;

fakeapi::ClientId Kernel::add_guest(const std::string& name, std::string_view user) {
  const fakeapi::ClientId client = parts_.cluster.add_client(name, user);
  guests_[client] = {name, std::string(user)};
  return client;
}

void Kernel::request(fakeapi::ClientId client, CallId call, ApiRequest request, TimeUs at) {
  CHECK(at >= now());
  queue_.push(at, Lane::server, GuestRequest{client, call, std::move(request)});
}

void Kernel::release_watch(fakeapi::ClientId client, CallId watch, TimeUs at) {
  CHECK(at >= now());
  queue_.push(at, Lane::server, ForCluster{to::ReleaseWatch{client, watch}, 0});
}

void Kernel::act(WorldAction action) {
  ++planned_;
  auto message = std::visit([](const auto& one) { return fakeapi::ToCluster(one); }, action);
  queue_.push(now(), Lane::world, ForCluster{std::move(message), 0});
}

// It travels to the server as an application's requests do.
void Kernel::handle(GuestRequest& item) {
  const Guest& guest = guests_.at(item.client);
  PodMemory memory(false);
  const run::Requested asked{guest.user, item.call, std::move(item.request)};
  const Seq seq =
      parts_.ledger.append(guest.name, 0, fmt::format("call/{}", item.call.value), podramp::ref(asked), memory);
  const DurationUs travel =
      parts_.cluster.config().latency.request.sample(Draw(options_.seed, "net.request", guest.name, item.call.value));
  queue_.push(now() + travel, Lane::server, ForCluster{to::Request{item.client, item.call, asked.request}, seq});
}

void Kernel::handle(ForGuest& item) {
  if (listener_) listener_(item.client, item.input);
}

}  // namespace podramp::sim
