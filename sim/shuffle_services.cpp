#include "sim/shuffle_services.h"

#include <algorithm>

#include "backend/port/json_writer.h"

namespace podramp::sim {
namespace {

// The DaemonSet that owns a pod, as "namespace/name"; "" without.
std::string daemon_set_of(const Pod& pod) {
  for (const OwnerReference& owner : pod.tmpl->owners) {
    if (owner.kind == "DaemonSet") return pod.ns + "/" + owner.name;
  }
  return "";
}

}  // namespace

void ShuffleServices::add(const ShuffleServiceSpec& spec) {
  auto fixes = backend::parse_fixes(spec.fixes, backend::Compat::fork_2_2);
  CHECK(fixes);  // the scenario's reader has looked
  fixes_[spec.daemon_set] = std::move(*fixes);
}

void ShuffleServices::add_application(std::uint32_t application, const std::string& app_id) {
  app_ids_[application] = app_id;
}

std::optional<std::uint32_t> ShuffleServices::application_of(const std::string& app_id) const {
  const auto it = std::ranges::find(app_ids_, app_id, [](const auto& app) { return app.second; });
  if (it == app_ids_.end()) return std::nullopt;
  return it->first;
}

bool ShuffleServices::is_service(const Pod& pod) const { return any() && fixes_.contains(daemon_set_of(pod)); }

bool ShuffleServices::boots(fakeapi::PodId pod, Seq start) const {
  const auto it = booting_.find(pod);
  return it != booting_.end() && it->second == start;
}

ShuffleServices::Service& ShuffleServices::up(fakeapi::PodId pod, const Pod& object, fakeapi::ClientId client) {
  const backend::Fixes& fixes = fixes_.at(daemon_set_of(object));
  backend::ForkShuffleService::Registrations known;
  if (fixes.contains(backend::Fix::q31)) known = files_[object.node];
  const auto [it, fresh] =
      services_.try_emplace(pod, Service{pod,
                                         pod_key(object),
                                         object.node,
                                         client,
                                         fixes.contains(backend::Fix::q31),
                                         {},
                                         backend::ForkShuffleService(object.ns, fixes, std::move(known))});
  CHECK(fresh);
  by_node_[object.node] = pod;
  by_client_[client] = pod;
  booting_.erase(pod);
  return it->second;
}

std::optional<ShuffleServices::Service> ShuffleServices::down(fakeapi::PodId pod) {
  booting_.erase(pod);
  auto found = services_.extract(pod);
  if (!found) return std::nullopt;
  Service& service = found.mapped();
  by_client_.erase(service.client);
  if (by_node_[service.node] == pod) by_node_.erase(service.node);
  if (service.keeps_address) files_[service.node] = service.process.registrations();
  return std::move(service);
}

ShuffleServices::Service* ShuffleServices::of_client(fakeapi::ClientId client) {
  const auto it = by_client_.find(client);
  return it == by_client_.end() ? nullptr : &services_.at(it->second);
}

const ShuffleServices::Service* ShuffleServices::on_node(const std::string& node) const {
  const auto it = by_node_.find(node);
  return it == by_node_.end() ? nullptr : &services_.at(it->second);
}

// A successor has another address, unless that is its node's.
const ShuffleServices::Service* ShuffleServices::at(const Address& address) const {
  const auto it = services_.find(address.pod);
  if (it != services_.end()) return &it->second;
  const Service* successor = on_node(address.node);
  return successor != nullptr && successor->keeps_address ? successor : nullptr;
}

void ShuffleServices::told(const Executor& executor, const std::string& node, fakeapi::PodId pod) {
  told_[executor] = {pod, node};
  const auto it = services_.find(pod);
  if (it != services_.end()) it->second.process.register_driver(app_ids_.at(executor.application));
}

bool ShuffleServices::register_executor(const Executor& executor, const std::string& node) {
  const auto told = told_.find(executor);
  const Service* service = told == told_.end() ? on_node(node) : at(told->second);
  if (service == nullptr) return false;
  services_.at(service->pod).process.register_executor(app_ids_.at(executor.application), executor.executor);
  registered_[executor] = {service->pod, service->node};
  return true;
}

Serving ShuffleServices::serving(const Executor& executor) const {
  const auto registered = registered_.find(executor);
  const Service* service = registered == registered_.end() ? nullptr : at(registered->second);
  if (service == nullptr) return Serving::refused;
  const bool known = service->process.knows(app_ids_.at(executor.application), executor.executor);
  return known ? Serving::served : Serving::unknown_executor;
}

}  // namespace podramp::sim
