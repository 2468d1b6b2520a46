#include "backend/stop_sequence.h"

#include <fmt/format.h>

#include <utility>

#include "backend/pod_labels.h"

namespace podramp::backend {
namespace {

ApiRequest delete_all(const Application& application, Kind kind) {
  ApiRequest request;
  request.verb = Verb::remove_collection;
  request.kind = kind;
  request.ns = application.conf.ns;
  request.label_selector.all = {{kAppLabel, SelectorOp::equals, {application.app_id}}};
  return request;
}

std::string what_it_deletes(const ApiRequest& request) {
  if (request.kind == Kind::pod) return "the executors";
  return fmt::format("{} {}", to_text(request.kind), request.name);
}

}  // namespace

std::vector<StopStep> stop_steps(const Application& application, std::vector<ApiRequest> by_allocator) {
  const Conf& conf = application.conf;
  const bool owns_objects = application.revision >= kOwnObjectsRevision;
  std::vector<StopStep> steps;
  if (owns_objects && conf.delete_services) steps.push_back({"the services", delete_all(application, Kind::service)});
  if (owns_objects && conf.own_claims) {
    steps.push_back({"the claims", delete_all(application, Kind::persistent_volume_claim)});
  }
  if (!conf.delete_on_termination) return steps;
  for (ApiRequest& request : by_allocator) {
    std::string what = what_it_deletes(request);
    steps.push_back({std::move(what), std::move(request)});
  }
  if (owns_objects && conf.config_map) {
    ApiRequest request = delete_all(application, Kind::config_map);
    request.label_selector.all.push_back({kRoleLabel, SelectorOp::equals, {"executor"}});
    steps.push_back({"the executors' config maps", std::move(request)});
  }
  return steps;
}

bool StopSequence::begin(std::vector<StopStep> steps, Outbox& out) {
  steps_ = std::move(steps);
  at_ = 0;
  return next(out);
}

bool StopSequence::on_reply(const ApiReply& reply, Outbox& out) {
  CHECK(at_ < steps_.size());
  if (!reply.ok()) {
    out.add(out::Noted{"error", fmt::format("deleting {}: {}", steps_[at_].what, describe_failure(reply))});
  }
  ++at_;
  return next(out);
}

bool StopSequence::next(Outbox& out) {
  if (at_ == steps_.size()) return true;
  calls_.start(CallOwner::stop, std::move(steps_[at_].request), out);
  return false;
}

}  // namespace podramp::backend
