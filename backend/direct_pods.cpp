#include "backend/direct_pods.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "backend/wiring.h"

namespace podramp::backend {

DirectPods::DirectPods(const Application& application, const ExecutorTable& table, ApiCalls& calls)
    : app_(application),
      claims_(claim_builder(application)),
      recovery_(application.conf),
      allocator_(
          allocator_settings(application), [this](ExecutorId id, ProfileId profile) { return build(id, profile); },
          table, calls),
      runs_(TimerKind::allocator_tick, application.conf.batch_delay_us) {}

void DirectPods::start(TimeUs now, const PodPtr& driver_pod, Outbox& out) {
  builder_.emplace(pod_builder(app_, driver_pod));
  allocator_.set_driver(owner_of(driver_pod));
  // A subscriber's first run shows it the current snapshot, which is empty (02 2.1).
  runs_.push(SnapshotChange{});
  request(now, RoundTrigger::timer, out);
}

// An executor's pod with the claims that are its own (02 6.3), as recovery mode wants it (02 4.2).
Result<PodWithClaims> DirectPods::build(ExecutorId id, ProfileId profile) {
  auto pod = builder_->build(id, profile);
  if (!pod) return tl::unexpected(pod.error());
  auto claims = claims_.build(id);
  if (!claims) return tl::unexpected(claims.error());
  PodPtr complete = recovery_.applied(*pod);
  if (!claims->volumes.empty()) {
    Pod with_claims = *complete;
    with_claims.own_volumes = std::move(claims->volumes);
    complete = std::make_shared<const Pod>(std::move(with_claims));
  }
  return PodWithClaims{std::move(complete), std::move(claims->claims)};
}

void DirectPods::conf_changed() {
  allocator_.set_limits(allocator_settings(app_));
  runs_.set_period(app_.conf.batch_delay_us);
}

bool DirectPods::set_targets(TimeUs /*now*/, const std::map<ProfileId, std::int64_t>& targets, Outbox& /*out*/) {
  return allocator_.set_targets(targets);
}

void DirectPods::request(TimeUs now, RoundTrigger trigger, Outbox& out) {
  if (!runs_.request(now, trigger, out)) return;
  ran(now, allocator_.begin_round(now, trigger, runs_.take(), out), out);
}

void DirectPods::resume(TimeUs now, const Completed& completed, Outbox& out) {
  ran(now, allocator_.resume(now, completed, out), out);
}

void DirectPods::ran(TimeUs now, Progress progress, Outbox& out) {
  while (progress == Progress::done) {
    if (allocator_.exited()) {
      // The exit runs Spark's shutdown hook, which stops the application first: so it is the driver's to emit.
      std::vector<Effect> effects = out.take();
      CHECK(!effects.empty() && std::holds_alternative<out::Exited>(effects.back()));
      fatal_ = std::get<out::Exited>(effects.back());
      effects.pop_back();
      for (Effect& effect : effects) out.add(std::move(effect));
      return;
    }
    if (!runs_.finished(now, out)) return;
    progress = allocator_.begin_round(now, runs_.trigger(), runs_.take(), out);
  }
}

std::vector<ApiRequest> DirectPods::clean_up() const { return {delete_executors(app_.conf.ns, app_.app_id)}; }

void DirectPods::fill(Books& books) const {
  books.next_executor_id = allocator_.last_id() + 1;
  books.outstanding = allocator_.outstanding();
  books.round_in_flight = allocator_.round_in_flight();
  books.profiles = allocator_.profiles();
}

std::string DirectPods::describe() const {
  std::string text = fmt::format("executor ids used: {}\noutstanding: {}\nallocator: {}\n", allocator_.last_id(),
                                 allocator_.outstanding(), allocator_.round_in_flight() ? "in a round" : "idle");
  for (const auto& [profile, target] : allocator_.targets())
    text += fmt::format("target of profile {}: {}\n", profile, target);
  for (const auto& [id, entry] : allocator_.newly_created()) {
    text += fmt::format("executor {}: created at {}, not seen yet\n", id, format_time(entry.created_us));
  }
  for (const auto& [id, profile] : allocator_.known_newly_created()) {
    text += fmt::format("executor {}: registered, its pod not seen yet, profile {}\n", id, profile);
  }
  for (const ExecutorId id : allocator_.deleted_ids()) text += fmt::format("executor {}: deleted as excess\n", id);
  return text;
}

}  // namespace podramp::backend
